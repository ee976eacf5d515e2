"""What a summary mentions and its source does not is found in its place, and nothing else is."""

import gzip
import json
import pickle
import time

import pytest

from flan_mix.metrics import (
    Mention,
    faithfulness,
    invented_mentions,
    missed_mentions,
    supported_mentions,
)
from tests.shared_data import REPOSITORY, shared_path
from tools.bench.faithfulness import measure, our_rules
from tools.bench.planted_inventions import plants

CHAT = (
    "Anna: I booked a room for us, half past two tomorrow is check-in.\n"
    "Michael: Great! How much?\n"
    "Anna: 85 euros a night, two nights. It is the place next to the station."
)


def texts(mentions):
    return [mention.text for mention in mentions]


def test_an_invented_hotel_brand_and_city_are_found_where_they_stand():
    summary = "Anna booked a room at the Marriott in Chicago for 85 euros a night."
    found = invented_mentions(summary, CHAT)
    assert found == (
        Mention(26, 34, "Marriott", "place"),
        Mention(38, 45, "Chicago", "place"),
    )
    assert all(summary[m.start : m.end] == m.text for m in found)


def test_words_of_one_invented_name_are_one_mention():
    summary = "Anna stays at the Grand Budapest Hotel, near the Bay of Kotor. Marriott confirmed."
    assert texts(invented_mentions(summary, CHAT)) == [
        "Grand Budapest Hotel",
        "Bay of Kotor",
        "Marriott",
    ]


def test_what_the_source_says_in_another_form_is_no_invention():
    summary = "Mike's room is booked. Check-in is at 2:30, €85 per night for 2 nights."
    assert invented_mentions(summary, CHAT) == ()


@pytest.mark.parametrize(
    ("source", "summary"),
    [
        # Times.
        ("see you at 2:30", "They meet at half past two."),
        ("see you at half two", "They meet at 2.30 p.m."),
        ("quarter to 6?", "They meet at 5:45 pm."),
        ("twenty past seven then", "They meet at 7:20."),
        ("it starts 19:30", "It starts at 7.30 pm."),
        ("come at 7", "He comes at 7 p.m."),
        ("come at five o'clock", "He comes at 5."),
        ("730 is fine", "They meet at 7:30."),
        ("seven thirty is fine", "They meet at 7:30."),
        ("lunch at noon", "Lunch is at 12 pm."),
        ("change it to 7 thirty", "She is called at 7:30."),
        ("see you at two thirty", "They meet at two-thirty."),
        ("it was 4: 30 by my watch", "It was 4:30."),
        ("3;30 PM please", "It is at 3:30 pm."),
        ("sevenish?", "They meet at seven o'clock."),
        ("quarter to midnight", "It is at 11.45 pm."),
        ("let us say 10 to 9", "They meet at 8:50."),
        # Numbers.
        ("i have twenty-five of them", "She has 25 of them."),
        ("a hundred and five pages", "It has 105 pages."),
        ("it is 1,250 km", "It is 1250 km away."),
        ("a dozen eggs", "They need twelve eggs."),
        ("it took an hour and a half", "It took 90 minutes."),
        ("half an hour", "They wait for 30 minutes."),
        ("hour and a half", "It takes 1.5 hours."),
        ("in 2h and 30min", "It takes 2.5 hours."),
        ("more than 100k", "It is more than 100 000."),
        ("152.374 so far", "It is 152374 so far."),
        ("a fortnight in Rome", "They spend two weeks in Rome."),
        ("on the 3rd floor", "They live on the third floor."),
        ("born in nineteen ninety-eight", "She was born in 1998."),
        ("Al: hi\nBo: hi\nCy: hi", "The three of them greet each other."),
        # Prices.
        ("it's 5k", "It costs $5,000."),
        ("50 bucks", "It costs 50 dollars."),
        ("that is 12 dollars 50 cents", "It costs $12.50."),
        ("20, 000 RMB", "The loan is 20,000 RMB."),
        ("three grand", "He pays £3000."),
        ("make it 5 500 yuan", "They agree on 5500 yuan."),
        ("the fare is $ 1. 25", "It costs $1.25."),
        # Dates.
        ("fri or sat?", "They meet on Friday or Saturday."),
        ("on 3.11", "It is on 3 November."),
        ("the 5th of sept", "It is on September 5."),
        ("i left in 84", "She left in 1984."),
        ("merry xmas!", "They wish each other a merry Christmas."),
        ("it's due on March 14, 2019", "It is due on 14.03.2019."),
        ("we won three to one", "They won 3:1."),
        ("merry Christmas!", "It is Christmas Day."),
        ("see u 2moro", "They meet tomorrow."),
        ("see you tmrw. Tonite I'm busy", "They meet tomorrow. He is busy tonight."),
        ("it was late last night", "It was late yesterday."),
        ("what a day yestarday", "They enjoyed yesterday."),
        ("in summertime", "They go in the summer."),
        # Names.
        ("Mike: hi", "Michael says hi."),
        ("Peggy: hi", "Margaret says hi."),
        ("Elizabeth: hi", "Liz's and Beth's greetings."),
        ("Danny: hi", "Daniel greets Dan."),
        ("hi mike!", "Mike is greeted."),
        ("Micheal: hi", "Michael says hi."),
        ("Zoë: hi", "Zoe says hi."),
        ("James: hi", "James' and Jame's friends."),
        ("Dave: hi\nNat: hi\nMel: hi", "David, Nathan and Melanie greet each other."),
        ("mike: hi", "Michael says hi."),
        ("Lea: hi", "Leah says hi."),
        ("the Smiths", "Mrs. Smith is there."),
        ("trip advisor says", "TripAdvisor says so."),
        ("my name is S M I T H", "Mr. Smith gives his name."),
        ("#Person1#: hi", "#Person1# says hi."),
        # Places.
        ("he is from Spain", "He is Spanish."),
        ("the polish team, in Poland", "Poles play."),
        ("off to NY", "She goes to New York City."),
        ("back to the U. S. .", "She goes back to the US."),
        ("from the US", "She is from the U.S. and American."),
        ("living in America", "She lives in the U.S.A."),
        ("near Hoza", "They go to Hoza Street."),
        ("the UN met", "The UN met."),
        ("the United Nations met", "The UN met."),
    ],
)
def test_another_form_is_supported(source, summary):
    assert invented_mentions(summary, source) == ()


@pytest.mark.parametrize(
    ("source", "summary", "invented", "kind"),
    [
        ("see you at 2:30", "They meet at half past three.", "half past three", "time"),
        ("see you at 5 am", "They meet at 5 pm.", "5 pm", "time"),
        ("come at 7", "He comes at 8.", "8", "time"),
        ("i have 25", "She has thirty-five cats.", "thirty-five", "number"),
        ("it took an hour", "It took 90 minutes.", "90", "number"),
        ("change it to 7 thirty", "She is called at 7:15.", "7:15", "time"),
        ("in 2h and 30min", "It takes 3.5 hours.", "3.5", "number"),
        ("five kids", "The sixth child is ill.", "sixth", "number"),
        ("it costs £5", "It costs $5.", "$5", "price"),
        ("it costs 50", "It costs five dollars.", "five dollars", "price"),
        ("come on the weekend", "He comes on Saturday.", "Saturday", "date"),
        ("the 5th of May", "It is on June 5.", "June", "date"),
        ("the 5th of May", "It is on May 6.", "6", "date"),
        ("see you in may", "She comes in 2019.", "2019", "date"),
        ("i left in 84", "She left in 1985.", "1985", "date"),
        ("Anna: hi", "Bella says hi.", "Bella", "name"),
        ("Anna: hi", "Will agrees with Anna.", "Will", "name"),
        ("Mary: hi", "Mark says hi.", "Mark", "name"),
        ("Mary: hi", "They stay at the Marriott.", "Marriott", "place"),
        ("Anna: hi", "James agrees.", "James", "name"),
        ("Anna: hi", "Parker agrees.", "Parker", "name"),
        ("go to Hoza", "They go to Poznan Street.", "Poznan Street", "name"),
        ("#Person1#: hi", "#Person2# says hi.", "#Person2#", "name"),
        ("he is from Spain", "He is Portuguese.", "Portuguese", "place"),
        ("let us go", "They fly to America.", "America", "place"),
        ("let us go", "they go to chicago", "chicago", "place"),
        ("let us go", "They go to Bath.", "Bath", "name"),
        ("a phone", "She buys an iPhone.", "iPhone", "name"),
        # Places, feasts and brands are no long forms of names.
        ("Barry: hi", "They fly to Barcelona.", "Barcelona", "place"),
        ("Kenny: hi", "They fly to Kenya.", "Kenya", "place"),
        ("Chris: hi", "They meet at Christmas.", "Christmas", "date"),
        ("Sam: hi", "She buys a Samsung.", "Samsung", "name"),
        ("Harry: hi", "He studies at Harvard.", "Harvard", "place"),
        ("Anna: join us", "They fly to the US.", "US", "place"),
        ("Anna: join us", "They fly to the U.S. soon.", "U.S.", "place"),
        ("the 14th of May", "It is on 14.03.2019.", "14.03.2019", "date"),
        ("who won?", "They won 3:1.", "3:1", "number"),
        ("one of us calls", "They call at 1 pm.", "1 pm", "time"),
        ("see you tomorrow", "They met yesterday.", "yesterday", "date"),
        ("see you tomorrow", "They meet tonight.", "tonight", "date"),
        ("see you in June", "They meet in winter.", "winter", "date"),
    ],
)
def test_an_invention_is_found(source, summary, invented, kind):
    (found,) = invented_mentions(summary, source)
    assert (found.text, found.kind) == (invented, kind)


@pytest.mark.parametrize(
    "summary",
    [
        "",
        "They talk about a room.",
        "No.",
        "Nobody knows. Guests arrive late; Unfortunately, I'm ill.",
        "With luck they win. Based on that, they go.",
        "Ultimately it works. Depending on it, they stay.",
        "One of them is first. The second is mr. and mrs.",
        "EVERYBODY IS GOING HOME NOW",
        "they said no. Guests stay until late p.m. Dinner is served.",
        "Everybody Is Going Home After Dinner",
    ],
)
def test_a_summary_that_mentions_nothing_invents_nothing(summary):
    assert invented_mentions(summary, "") == ()


def test_a_title_or_an_initial_ends_no_sentence():
    # Where a sentence begins the capital of "Guest" would tell nothing.
    assert texts(invented_mentions("They see Mr. Guest and J. Guest. Guests go.", "")) == [
        "Guest",
        "Guest",
    ]


def test_time_grows_with_the_length_of_the_source_and_not_with_its_square():
    source = "Anna booked a room for us. Half past two tomorrow, said Mr. Lee. " * 6_000
    start = time.process_time()
    assert texts(invented_mentions("Anna met Mr. Lee in Rome.", source)) == ["Rome"]
    # 390,000 characters: two seconds; by the square it is minutes.
    assert time.process_time() - start < 20


def test_missed_mentions_are_those_of_the_reference_that_the_source_has():
    reference = "Anna booked a room in Boston for Michael at 2:30."
    assert texts(missed_mentions("Anna booked a room.", reference)) == ["Boston", "Michael", "2:30"]
    assert texts(missed_mentions("Anna booked a room.", reference, CHAT)) == ["Michael", "2:30"]
    missed = missed_mentions("Anna booked a room at half past two.", reference, CHAT)
    assert missed == (Mention(33, 40, "Michael", "name"),)
    assert texts(supported_mentions(reference, CHAT)) == ["Anna", "Michael", "2:30"]


def test_one_word_of_a_name_covers_it():
    assert missed_mentions("Kate agrees.", "Kate Doran agrees.", "Kate Doran: yes") == ()


def test_the_metric_is_100_without_inventions_and_counts_distinct_mentions_covered():
    reference = "Anna booked for Michael at 2:30. Anna pays 85 euros."
    score = faithfulness.score
    assert score("Anna pays 85 euros.", [reference], CHAT) == {"faithful": 100.0, "coverage": 50.0}
    invented = score("Anna pays 95 euros to Mike at 2.30.", [reference], CHAT)
    assert invented == {"faithful": 0.0, "coverage": 75.0}
    several = score("Anna pays 85 euros.", [reference, "Anna pays €85."], CHAT)
    assert several["coverage"] == 100.0
    assert score("They talk.", ["They talk."], CHAT) == {"faithful": 100.0, "coverage": 100.0}


def test_the_metric_refuses_to_score_without_a_source():
    with pytest.raises(ValueError, match="no source to hold the summary against"):
        faithfulness.score("a", ["b"], " ")
    with pytest.raises(ValueError, match="faithfulness needs the source texts of the examples"):
        faithfulness(["a"], ["b"])
    with pytest.raises(ValueError, match="there is no reference"):
        faithfulness.score("a", [], CHAT)
    assert pickle.loads(pickle.dumps(faithfulness)) == faithfulness
    assert not faithfulness.needs_texts_only


def test_plants_are_where_they_say_and_not_in_the_source():
    source, summary = "Anna: see you at the station.", "Anna waits at the station."
    drawn = [plant for seed in range(40) for plant in plants(source, summary, seed)]
    assert {plant.kind for plant in drawn} == {"name", "number", "date", "time", "price", "place"}
    for plant in drawn:
        planted = plant.text[plant.start : plant.end]
        assert planted not in source and planted not in summary
        rest = plant.text[: plant.start] + plant.text[plant.end :]
        assert set(rest.split()) & {"station.", "station"}
    assert any(plant.replaced for plant in drawn) and not all(plant.replaced for plant in drawn)


def test_inventions_planted_in_our_own_chats_are_found_and_their_summaries_are_clean():
    path = REPOSITORY / "tasks/starter/data/chats-validation.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    measured = measure(our_rules, [(row["dialogue"], row["summary"]) for row in rows])
    assert len(rows) == 200 and sum(measured.flagged) == 0
    assert measured.planted.total() > 1300
    assert measured.recall > 99 and measured.precision == 100


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("data/samsum/val.json", 5.0), ("data/dialogsum/dialogsum.dev.jsonl", 2.0)],
)
def test_human_summaries_are_seldom_flagged_and_plants_in_them_are_found(path, allowed):
    text = shared_path(path).read_text(encoding="utf-8")
    rows = json.loads(text) if path.endswith(".json") else map(json.loads, text.splitlines())
    pairs = [(row["dialogue"], row["summary"]) for row in rows]
    # A third of them keeps the test short; tools/bench/faithfulness.py measures all.
    measured = measure(our_rules, pairs[::3])
    assert sum(measured.flagged) / len(measured.flagged) <= allowed
    assert measured.recall >= 98 and measured.precision >= 95
    assert all(measured.found[kind] >= 0.97 * measured.planted[kind] for kind in measured.planted)
