"""Personal data that must never be stored: identity numbers, birth dates, credentials, photos and biometrics.

The Law on Personal Data Protection 91/2025/QH15 asks for no more data than the purpose needs, and a team's needs none
of these. So wherever a body carries such a field it is refused by that rule, not as some unknown field.
"""

from __future__ import annotations

import re
from typing import Any

from shared.vietnamese import fold

RULE = "forbidden-personal-field"
"""Code of the refusal; its texts name the law."""

_NAMES = """
national_id citizen_id identity_number identity_card id_number id_card passport passport_number social_security_number
cccd cmnd cmtnd so_cccd so_cmnd so_cmtnd the_cccd can_cuoc so_can_cuoc the_can_cuoc can_cuoc_cong_dan
so_can_cuoc_cong_dan the_can_cuoc_cong_dan chung_minh_nhan_dan so_chung_minh_nhan_dan chung_minh_thu so_chung_minh
dinh_danh so_dinh_danh ma_dinh_danh so_dinh_danh_ca_nhan ma_so_dinh_danh_ca_nhan so_giay_to
ho_chieu so_ho_chieu so_bhxh ma_so_bhxh so_bhyt
birth_date birthdate date_of_birth birthday birth_year year_of_birth dob yob
ngay_sinh nam_sinh thang_sinh ngay_thang_nam_sinh sinh_ngay sinh_nam
password passcode pin otp secret credential credentials access_token refresh_token mat_khau ma_pin ma_otp ma_xac_thuc
photo photos id_photo portrait selfie avatar picture image face fingerprint biometric biometrics
anh anh_the anh_chan_dung anh_cccd anh_cmnd anh_giay_to hinh_anh chan_dung khuon_mat van_tay sinh_trac_hoc
"""


def _compact(key: object) -> str:
    """``Số CCCD``, ``so_cccd``, ``soCCCD`` and ``SO-CCCD`` are one."""
    return fold(str(key)).replace(" ", "")


NEVER = frozenset(_NAMES.split())
_NEVER = frozenset(_compact(name) for name in NEVER)

LONG_NUMBER = re.compile(r"[0-9](?:[ .-]?[0-9]){5}")
"""Six digits in a row: in a name or a word of a list they are an identity or phone number."""

IDENTITY_NUMBER = re.compile(r"0(?!084)[0-9]{11}")
"""A citizen's identification number: twelve digits, the first three the code of a province."""


def is_forbidden(key: object) -> bool:
    return _compact(key) in _NEVER


def with_rule(messages: Any) -> Any:
    """Marshmallow's findings, where an unknown field of a forbidden name is refused by the rule instead, and first."""
    if not isinstance(messages, dict):
        return messages
    found = {
        key: [RULE] if below == ["Unknown field."] and is_forbidden(key) else with_rule(below)
        for key, below in messages.items()
    }
    return dict(sorted(found.items(), key=lambda item: item[1] != [RULE]))
