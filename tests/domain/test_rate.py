# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rate import ROUNDING, Policy, Standing

BURST = Policy("burst", 100, 60)
DAILY = Policy("daily", 5000, 86_400)


@pytest.mark.parametrize(
    ("ahead", "remaining", "reset"),
    [(0, 100, 0), (0.6, 99, 1), (30, 50, 30), (59.4, 1, 60), (59.5, 0, 1), (60, 0, 1), (61.3, 0, 2)],
)
def test_what_is_left_follows_from_how_far_the_caller_is_ahead(ahead: float, remaining: int, reset: int) -> None:
    assert (BURST.remaining(ahead), BURST.reset(ahead)) == (remaining, reset)


def test_a_larger_request_waits_longer() -> None:
    assert BURST.wait(60) == pytest.approx(0.6)
    assert BURST.wait(60, 10) == pytest.approx(6)
    assert BURST.wait(0, 100) == 0


def test_both_families_of_headers_tell_the_same_of_the_quota_that_binds_first() -> None:
    standing = Standing([(BURST, 30.0), (DAILY, 86_382.72)])

    assert dict(standing.headers) == {
        "RateLimit-Limit": "5000",
        "RateLimit-Remaining": "1",
        "RateLimit-Reset": "86383",
        "RateLimit": '"burst";r=50;t=30, "daily";r=1;t=86383',
        "RateLimit-Policy": '"burst";q=100;w=60, "daily";q=5000;w=86400',
    }


def test_the_policies_that_stand_against_a_request_are_named() -> None:
    assert Standing([(BURST, 60.0), (DAILY, 0.0)], refused=1).violated == ["burst"]
    assert Standing([(BURST, 60.0), (DAILY, 86_400.0)], refused=1).violated == ["burst", "daily"]


def test_without_any_policy_nothing_is_told() -> None:
    assert Standing(()).headers == []


@given(st.integers(1, 10_000), st.integers(1, 86_400), st.floats(0, 100_000))
def test_after_the_wait_there_is_room_for_one_and_not_before(quota: int, window: int, ahead: float) -> None:
    policy = Policy("p", quota, window)
    wait = policy.wait(ahead)

    assert policy.remaining(max(0.0, ahead - wait)) >= 1
    assert wait < max(1e-3, 2 * ROUNDING * policy.interval) or policy.remaining(ahead) == 0
    assert 0 <= policy.remaining(ahead) <= quota
