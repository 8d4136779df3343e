# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Telegram's refusals begin with, in lower case and after the code word, sorted by what they mean."""

GONE = (
    "chat not found|private chat not found|chat_id is empty|chat identifier|peer_id_invalid|channel_invalid"
    "|username_invalid|username_not_occupied|chat_write_forbidden|channel_private|chat_admin_required"
    "|chat_restricted|chat_send_[a-z_]*forbidden|chat_guest_send_forbidden|have no write access to the chat"
    "|can't access the chat|need administrator rights in the channel chat|not enough rights"
    "|have no rights to send a message|topic_closed|bot was kicked from|bot is not a member of"
    "|the group chat was deleted|bot was blocked by the user|user is deactivated"
    "|bot can't initiate conversation with a user|the bot can't send messages to"
)
MEDIA = (
    "wrong file identifier|wrong http url|wrong type of the web page content|can't upload file by url"
    "|photo_invalid_dimensions|image_process_failed|photo has unsupported extension|can't use the media"
    "|wrong file_id|wrong remote file|file is too big|there is no (photo|document)|failed to get http url content"
)
THERE = "message is not modified"
NOT_THERE = "message to edit not found|message to forward not found|message to copy not found"
NOT_OURS = "message can't be edited|there is no (text|caption) in the message to edit|message can't be forwarded"
LOST = f"{NOT_THERE}|message_id_invalid|message not found|message to be replied not found"
DELETED = "message to delete not found|message identifier is not specified|message_id_invalid"
UNDELETABLE = (
    "message can't be deleted|message_delete_forbidden|not enough rights|need administrator rights|chat_admin_required"
)
REFUSED = (
    "can't parse entities|can't parse messageentity|entity_bounds_invalid|unsupported parse_mode|text is too long"
    "|message is too long|message caption is too long|message_too_long|media_caption_too_long|message text is empty"
    "|text must be non-empty|strings must be encoded in utf-8|reply markup is too long|reply_markup_invalid"
    "|button_url_invalid|button_data_invalid|object expected as|can't parse|expected an array"
    "|message identifier is not specified|too many message identifiers|parameter "
)
REMOVED_AT_ONCE = "sent message was immediately deleted"
