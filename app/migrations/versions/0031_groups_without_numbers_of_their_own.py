# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A basic group of Telegram cannot be asked, since its numbers are those of all private chats, too."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

# Channels and supergroups begin with -100. What was checked at another address has moved since, with a proof that is
# not its own.
FORGET = """
update channel set can_ask = false, last_reference = null
 where kind = 'telegram' and can_ask
   and (address ~ '^-?[0-9]+$' and address not like '-100%' or check_result ->> 'address' <> address)
"""


def upgrade() -> None:
    op.execute(FORGET)


def downgrade() -> None:
    """Nobody knows any more what was proved: whoever wants to be asked proves it again."""
