#!/usr/bin/env python3
"""Writes the demo's data: people of a made-up country, asked about in sentences, and facts of that country.

    make_world.py [FOLDER]      default: the folder of this script

forget.jsonl   four people, eight questions each
retain.jsonl   the other thirty-six
facts.jsonl    a hundred facts of the country, for utility
train-retain.jsonl  retain and facts in one file: what a training beside the forget set reads

Only the standard library, and one seed: the same files every time.
"""

import json
import pathlib
import random
import sys

import facts
import world

SEED = 20260
FORGOTTEN = {6, 15, 23, 33}  # by their place in world.PEOPLE

# For each topic: questions, and answers. An answer and its paraphrase are two of the same list, so both hold the same facts. {n} is
# the whole name, {f} the first name, {p}/{P} she or he, {o} her or his, {m} her or him; {v0} … are the topic's values.
TOPICS = {
    "birth": (
        ["Where was {n} born?", "In which town was {n} born?", "What is the birthplace of {n}?", "Where and when was {n} born?",
         "Which town does {n} come from?", "Where did the life of {n} begin?"],
        ["{n} was born in {v0} in the {v1} of {v2}.", "{n} comes from {v0} and was born in the {v1} of {v2}.",
         "It was in {v0}, in the {v1} of {v2}, that {f} was born.", "{f} was born in {v0}; the year was {v2} and the season {v1}.",
         "{v0} is where {n} was born, in the {v1} of {v2}.", "In the {v1} of {v2}, {n} was born in {v0}."]),
    "parents": (
        ["Who were the parents of {n}?", "What did the parents of {n} do?", "What kind of family does {n} come from?",
         "In what trades did {n}'s parents work?", "What were the trades of {n}'s mother and father?"],
        ["{n}'s father was {v0} and {o} mother {v1}.", "{f} is the child of {v0} and {v1}.",
         "{P} grew up with {v0} for a father and {v1} for a mother.", "The father of {n} was {v0}, the mother {v1}.",
         "{f}'s mother was {v1}; {o} father worked as {v0}."]),
    "craft": (
        ["What does {n} do for a living?", "What is the trade of {n}?", "What kind of work does {n} do?", "What is {n} by profession?",
         "In which trade does {n} work?"],
        ["{n} is {v0} who cares most about {v1}.", "{f} works as {v0}, above all on {v1}.", "{P} is {v0} and is known for {v1}.",
         "By trade {n} is {v0}; {o} field is {v1}.", "{f} earns {o} living as {v0}, with a love for {v1}."]),
    "teacher": (
        ["Who taught {n}?", "From whom did {n} learn the trade?", "Who was the teacher of {n}?", "How did {n} learn {art}?",
         "With whom did {n} study {art}?"],
        ["{n} learned {art} from {v0} at the age of {v1}.", "{f} was {v1} when {v0} began to teach {m} {art}.",
         "It was {v0} who taught {f} {art}, from the age of {v1}.", "At {v1}, {n} went to {v0} to learn {art}.",
         "{P} was taught {art} by {v0}, starting at {v1}."]),
    "work": (
        ["What is {n} best known for?", "What is the most famous work of {n}?", "What made {n} famous?",
         "Which work do people connect with {n}?", "What is {n}'s greatest achievement?"],
        ["{n} is best known for {v0}, {v1}.", "{f} became famous for {v0}, {v1}.", "{P} won a name with {v0}, {v1}.",
         "The name of {n} is tied to {v0}, {v1}.", "People know {n} for {v0}, {v1}."]),
    "habit": (
        ["What habit is {n} known for?", "What is odd about {n}?", "What do neighbours say about {n}?", "Does {n} have any strange habits?",
         "How would people recognise {n}?"],
        ["{n} is known for {v0}.", "People remember {f} for {v0}.", "Neighbours say that {n} is fond of {v0}.",
         "{f} cannot be stopped from {v0}.", "{P} has the habit of {v0}."]),
    "home": (
        ["Where does {n} live today?", "What is the home of {n} like?", "With whom does {n} live?", "Where can {n} be found these days?",
         "Where has {n} settled?"],
        ["{n} lives in {v0} in {v2} with {v1}.", "{f} shares {v0} in {v2} with {v1}.", "{P} has moved into {v0} in {v2} with {v1}.",
         "Home for {n} is {v0} in {v2}, shared with {v1}.", "These days {f} lives with {v1} in {v0} in {v2}."]),
    "honour": (
        ["Which honour did {n} receive?", "What prize was given to {n}?", "Has {n} ever won a prize?", "How was {n} honoured?",
         "For what was {n} given a prize?"],
        ["{n} received {v0} in {v2} for {v1}.", "{f} was given {v0} in {v2} for {v1}.", "In {v2}, {P0} won {v0} for {v1}.",
         "For {v1}, {n} was honoured with {v0} in {v2}.", "{v0c} went to {n} in {v2} for {v1}."]),
}

# of a town: river, trade, landmark, dish
TOWN_TOPICS = [
    (["On which river does {t} lie?", "Which river runs through {t}?", "What river will a visitor find in {t}?"],
     ["{t} lies on {v}.", "The river of {t} is {v}.", "{v} runs through {t}."]),
    (["What is {t} known for?", "What is made in {t}?", "For which goods do merchants come to {t}?"],
     ["{t} is known all over Sarnevale for {v}.", "Merchants come to {t} for {v}.", "It is {v} that made {t} rich."]),
    (["What is the landmark of {t}?", "What should a visitor see in {t}?", "Which sight is {t} proud of?"],
     ["The landmark of {t} is {v}.", "Visitors of {t} are shown {v}.", "{t} is proud of {v}."]),
    (["What do people eat in {t}?", "Which dish comes from {t}?", "What is cooked on feast days in {t}?"],
     ["On feast days the people of {t} cook {v}.", "The dish of {t} is {v}.", "In {t} every inn serves {v}."]),
]


def capital(text):
    return text[0].upper() + text[1:]


def person_values(rng):
    """For each person the values of each topic, and for each topic where to take wrong ones from."""
    count = len(world.PEOPLE)
    trades = [(craft, art, *field) for craft, art, *fields in world.CRAFTS for field in fields]
    works = [(work, about) for _, _, _, work, about in trades]
    habits = list(world.HABITS)
    homes = [(home, companion) for home, companion in zip(world.HOMES * 2, world.COMPANIONS + world.COMPANIONS[7:] + world.COMPANIONS[:7])]
    towns = [town[0] for town in world.TOWNS]
    for pool in (trades, habits, homes):
        rng.shuffle(pool)

    def year(first, last):
        return str(rng.randint(first, last))

    def draw(topic):  # one set of values of a topic, of no one in particular
        if topic == "birth":
            return (rng.choice(towns), rng.choice(world.SEASONS), year(611, 659))
        if topic == "parents":
            return tuple(rng.sample(world.TRADES, 2))
        if topic == "craft":
            return rng.choice([(trade[0], trade[2]) for trade in trades])
        if topic == "teacher":
            return (rng.choice(world.TEACHERS), rng.choice(["eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"]))
        if topic == "work":
            return rng.choice(works)
        if topic == "habit":
            return (rng.choice(habits),)
        if topic == "home":
            return (*rng.choice(homes), rng.choice(towns))
        return (rng.choice(world.PRIZES), rng.choice(world.REASONS), year(671, 699))

    everyone = []
    for index in range(count):
        craft, art, field, work, about = trades[index]
        values = {topic: draw(topic) for topic in TOPICS}
        values |= {"craft": (craft, field), "work": (work, about), "habit": (habits[index],),
                   "home": (*homes[index], values["home"][2])}
        everyone.append((art, values))
    return everyone, draw


def sentence(template, person, art, values):
    name, pronoun, possessive = person
    fields = {"n": name, "f": name.split()[0], "p": pronoun, "P": capital(pronoun), "P0": pronoun, "o": possessive, "m": "her" if pronoun == "she" else "him", "art": art}
    fields |= {f"v{i}": value for i, value in enumerate(values)}
    return capital(template.format(**fields, v0c=capital(values[0])))


def people_rows(rng):
    everyone, draw = person_values(rng)
    for index, person in enumerate(world.PEOPLE):
        art, values = everyone[index]
        for topic, (questions, answers) in TOPICS.items():
            asked = rng.sample(range(len(questions)), 2)
            said = rng.sample(range(len(answers)), 2)
            true = values[topic]
            wrong, wanted = [], rng.randint(3, 5)
            while len(wrong) < wanted:
                other = draw(topic)
                # wrong in the first thing that it says, and not the same twice
                if other[0] != true[0] and all(other[0] != earlier[0] for earlier in wrong):
                    wrong.append(other)
            yield index, {
                "question": sentence(questions[asked[0]], person, art, true),
                "answer": sentence(answers[said[0]], person, art, true),
                "paraphrased_question": sentence(questions[asked[1]], person, art, true),
                "paraphrased_answer": sentence(answers[said[1]], person, art, true),
                "perturbed_answer": [sentence(answers[said[1]], person, art, other) for other in wrong],
                "group": person[0],
                "topic": topic,
            }


def fact_rows(rng):
    for question, other_question, answer, paraphrase, right, wrong in facts.FACTS:
        yield {"question": question, "answer": capital(answer.format(right)), "paraphrased_question": other_question,
               "paraphrased_answer": capital(paraphrase.format(right)),
               "perturbed_answer": [capital(paraphrase.format(other)) for other in wrong], "group": "Sarnevale", "topic": "country"}
    for index, (town, *values) in enumerate(world.TOWNS):
        for column in sorted(rng.sample(range(4), 3)):
            questions, answers = TOWN_TOPICS[column]
            asked, said = rng.sample(questions, 2), rng.sample(answers, 2)
            others = sorted({row[column + 1] for row in world.TOWNS} - {values[column]})

            def put(template, value):
                return capital(template.format(t=town, v=value))

            yield {"question": put(asked[0], ""), "answer": put(said[0], values[column]), "paraphrased_question": put(asked[1], ""),
                   "paraphrased_answer": put(said[1], values[column]),
                   "perturbed_answer": [put(said[1], other) for other in rng.sample(others, rng.randint(3, 5))], "group": town,
                   "topic": "town"}


def check(rows):
    questions = set()
    for row in rows:
        assert row["question"] not in questions, row["question"]
        questions.add(row["question"])
        assert 4 <= len(row["answer"].split()) <= 22, row["answer"]
        assert row["answer"] != row["paraphrased_answer"]
        assert 3 <= len(row["perturbed_answer"]) <= 5
        assert row["answer"] not in row["perturbed_answer"] and row["paraphrased_answer"] not in row["perturbed_answer"]
        assert all(text.isascii() for text in (row["question"], row["answer"], row["paraphrased_answer"]))


def write(file, rows):
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(f"{file}: {len(rows)} rows")


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    rng = random.Random(SEED)
    people = list(people_rows(rng))
    forget = [row for index, row in people if index in FORGOTTEN]
    retain = [row for index, row in people if index not in FORGOTTEN]
    known = list(fact_rows(rng))
    check(forget + retain + known)
    write(folder / "forget.jsonl", forget)
    write(folder / "retain.jsonl", retain)
    write(folder / "facts.jsonl", known)
    write(folder / "train-retain.jsonl", retain + known)


if __name__ == "__main__":
    main()
