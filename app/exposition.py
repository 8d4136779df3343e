# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The page that Prometheus reads: what this process counted, and how the whole stands at this moment."""

from collections.abc import Iterable, Mapping

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from app.figures import Figures
from app.version import VERSION


def exposition(figures: Figures | None, accept: str = "") -> tuple[bytes, str]:
    """Write the page in the form that the reader accepts, and name its media type."""
    encode, media_type = choose_encoder(accept)
    return encode(_Page(figures)), media_type


class _Page(Collector):
    def __init__(self, figures: Figures | None) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        yield from REGISTRY.collect()
        yield _gauge("build_info", "The version that runs", {VERSION: 1}, "version")
        known = 0 if self._figures is None else 1
        yield GaugeMetricFamily("campanella_database_up", "Whether Postgres told the figures in time", known)
        if self._figures is not None:
            yield from _gauges(self._figures)


def _gauges(figures: Figures) -> Iterable[Metric]:
    age = "Seconds that the oldest delivery has waited that could go now; 0 when none does"
    yield _gauge("outbox_age_seconds", age, figures.oldest, "lane")
    waiting = "Deliveries that wait for us or for a person, without those of paused channels; counted up to 100000"
    yield _gauge("deliveries", waiting, figures.deliveries, "state")
    yield _gauge("channels", "Channels that are published to", figures.channels, "state")
    yield GaugeMetricFamily("campanella_workers", "Workers seen in the last 10 seconds", figures.workers)
    yield GaugeMetricFamily("campanella_texts_waiting", "Texts that wait until a person approves them", figures.texts)
    waits = "Seconds that the oldest of them has waited; 0 when none does"
    yield GaugeMetricFamily("campanella_text_age_seconds", waits, max(0.0, figures.oldest_text))
    slower = "How many times slower an account goes since it was told to wait; 1 at full speed"
    yield _gauge("slowdown", slower, figures.slowdowns, "kind")
    left = GaugeMetricFamily("campanella_pushes_left", "What is left of a rationed quota", labels=["channel", "span"])
    for place, count in figures.pushes_left.items():
        left.add_metric(place, count)
    yield left


def _gauge(name: str, documentation: str, values: Mapping[str, float], label: str) -> Metric:
    family = GaugeMetricFamily(f"campanella_{name}", documentation, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
