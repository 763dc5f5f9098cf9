from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from countenance.campaign.brief import CHANNELS
from countenance.delivery.checks import CHECKS
from countenance.delivery.rules import NOBODY, Rule, parse_labels, parse_rules, platform_labels, rules
from countenance.delivery.situation import CIRCUMSTANCES, EU
from countenance.errors import InputError

ROW = """
[[rule]]
id = "TT-FMT-9"
platform = ["tiktok"]
rule = "Short."
severity = "block"
check = "duration"
params = {most_s = 60.0}
source = "somewhere"
as_of = 2026-10-01
verified_by = "Ina Weber"
"""
LABEL = """
[[label]]
platform = ["tiktok"]
source_types = ["trainedAlgorithmicMedia"]
label = "AI-generated"
where = "below"
sure = "likely"
why = "it is"
source = "somewhere"
as_of = 2026-10-01
verified_by = "nobody"
"""


def test_all_rows_of_the_rule_data_can_be_read() -> None:
    assert len(rules()) > 40 and len(platform_labels()) >= 6
    assert len({rule.id for rule in rules()}) == len(rules())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_row_is_about_something_that_exists(rule: Rule) -> None:
    assert set(rule.platform) <= {"any", *CHANNELS}
    assert set(rule.when) <= set(CIRCUMSTANCES)
    assert rule.text.endswith(".") and len(rule.source) > 2
    if rule.check == "aspect":
        assert all(":" in one for one in rule.params["ratios"])


@pytest.mark.parametrize("label", platform_labels(), ids=lambda label: f"{label.platform[0]}-{label.sure}")
def test_every_prediction_is_about_a_channel(label: object) -> None:
    assert set(label.platform) <= set(CHANNELS)  # type: ignore[attr-defined]


def test_every_check_is_used_by_a_rule() -> None:
    assert {rule.check for rule in rules()} == set(CHECKS)


def test_the_union_has_27_members() -> None:
    assert len(EU) == 27 and {"DE", "IE", "HR"} <= EU and "GB" not in EU


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "TT-FMT-9"\n', "", "rule (without id): id is missing"),
        ('id = "TT-FMT-9"', 'id = "nine"', "rule nine: an id looks like TT-FMT-2a"),
        ('severity = "block"', 'severity = "fatal"', "rule TT-FMT-9: severity does not know 'fatal'"),
        ('check = "duration"', 'check = "lenght"', "rule TT-FMT-9: check does not know 'lenght'"),
        ("{most_s = 60.0}", "{longest = 60.0}", "rule TT-FMT-9: params does not know 'longest' (known: least_s, most"),
        ("{most_s = 60.0}", '{most_s = "60"}', "rule TT-FMT-9: params.most_s cannot be '60'"),
        ('source = "somewhere"\n', "", "rule TT-FMT-9: source is missing"),
        ('source = "somewhere"', 'source = ""', "rule TT-FMT-9: source is missing"),
        ("as_of = 2026-10-01\n", "", "rule TT-FMT-9: as_of is missing"),
        ("as_of = 2026-10-01", 'as_of = "October"', "rule TT-FMT-9: as_of cannot be 'October'"),
        ("as_of = 2026-10-01", "as_of = 2999-01-01", "rule TT-FMT-9: as_of 2999-01-01 lies in the future"),
        ('verified_by = "Ina Weber"\n', "", "rule TT-FMT-9: verified_by is missing"),
        ('platform = ["tiktok"]', "platform = []", "rule TT-FMT-9: platform is missing"),
        ('platform = ["tiktok"]', 'platform = "tiktok"', "rule TT-FMT-9: platform cannot be 'tiktok'"),
        ('rule = "Short."', 'rule = "Short."\nwhen = ["sunny"]', "rule TT-FMT-9: when does not know 'sunny'"),
        ('rule = "Short."', 'rule = "Short."\nmarkets = ["Germany"]', "rule TT-FMT-9: markets cannot hold 'Germany'"),
        ('rule = "Short."', 'rule = "Short."\nurl = "x"', "rule TT-FMT-9: there is no field 'url'"),
        ("[[rule]]", "[[rules]]", "has 'rules', which is neither"),
        ('rule = "Short."', "rule = Short", "the rule file rules.toml is not TOML"),
    ],
)
def test_a_broken_row_is_refused_by_its_name(old: str, new: str, message: str) -> None:
    assert old in ROW
    with pytest.raises(InputError) as refusal:
        parse_rules(ROW.replace(old, new))
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"trainedAlgorithmicMedia"', '"magic"', "label 'AI-generated': source_types does not know 'magic'"),
        ('sure = "likely"', 'sure = "maybe"', "label 'AI-generated': sure does not know 'maybe'"),
        ('why = "it is"\n', "", "label 'AI-generated': why is missing"),
    ],
)
def test_a_broken_prediction_is_refused_by_its_name(old: str, new: str, message: str) -> None:
    assert len(parse_labels(LABEL)) == 1
    with pytest.raises(InputError, match=message):
        parse_labels(LABEL.replace(old, new))


def test_a_rule_holds_where_it_says() -> None:
    (rule,) = parse_rules(ROW)
    assert rule.holds("tiktok", (), None, frozenset()) and not rule.holds("youtube", (), None, frozenset())
    eu = replace(rule, markets=("EU",), platform=("any",))
    assert eu.holds("web", ("AT",), None, frozenset()) and not eu.holds("web", ("US", "GB"), None, frozenset())
    ads = replace(rule, when=("ad", "political"))
    assert ads.holds("tiktok", (), None, frozenset({"ad", "political", "sound"}))
    assert not ads.holds("tiktok", (), None, frozenset({"ad"}))
    bumper = replace(rule, formats=("bumper",))
    assert bumper.holds("tiktok", (), "bumper", frozenset()) and not bumper.holds("tiktok", (), None, frozenset())


def test_a_row_grows_old_after_ninety_days() -> None:
    (rule,) = parse_rules(ROW)
    assert not rule.is_stale(datetime.date(2026, 12, 30)) and rule.is_stale(datetime.date(2026, 12, 31))


def test_rows_that_nobody_has_compared_say_so() -> None:
    own = {rule.id for rule in rules() if rule.source.startswith("own")}
    assert {rule.id for rule in rules() if rule.verified_by != NOBODY} <= own
