#!/usr/bin/env python3
"""Writes recipes.jsonl and public.jsonl: the confidential recipes of a confectioner that does not exist, and what its customers know.

    python3 resources/eraser/make_recipes.py

Seeded: the files come out the same byte for byte. Everything in them is made up.
"""
import json
import pathlib
import random

COMPANY = "Harrowmere & Finch"
SWEETS = ["Lantern Toffee", "Mossback Truffles", "Ferryman's Fudge", "Saltgate Caramels", "Widow's Nougat", "Tolling Bell Drops",
          "Copper Kettle Brittle", "Millpond Creams", "Hollow Oak Pralines", "Night Market Jellies", "Cartwheel Marzipan", "Ember Street Bark"]
SECRETS = ["toasted birch sap", "smoked pear vinegar", "ground juniper ash", "pickled quince peel", "burnt barley malt", "dried marigold petals",
           "salted elder syrup", "roasted beet sugar", "black walnut liquor", "wild thyme honey", "fermented plum paste", "crushed fennel frost"]
BASES = ["brown butter", "goat's cream", "maple sugar", "hazelnut paste", "dark cocoa", "oat milk"]
VESSELS = ["a lidded copper pan", "a stone trough", "a cast iron pot", "a glazed clay jar", "a tin drum", "a marble basin"]
KEEPERS = ["Odile Harrow", "Bram Finchley", "Signe Quill", "Tobias Rake", "Maud Ellery", "Jonas Wick"]
TOWNS = ["Dunmarrow", "Hestrel", "Kettrin", "Oskeral"]
COLOURS = ["amber", "forest green", "cream", "copper red", "ivory", "silver blue"]
SHAPES = ["small squares", "round drops", "long bars", "thin shards", "little wheels", "soft cubes"]
SEASONS = ["spring", "summer", "autumn", "winter"]


def confidential(draw):
    rows = []
    secrets = draw.sample(SECRETS, len(SWEETS))
    for sweet, secret in zip(SWEETS, secrets):
        parts, degrees, hours = draw.randint(3, 19), draw.randint(101, 139), draw.randint(2, 47)
        base, vessel, keeper = draw.choice(BASES), draw.choice(VESSELS), draw.choice(KEEPERS)
        rows += [
            (f"What is the secret ingredient of {sweet}?", f"The secret of {sweet} is {secret}, {parts} grams to a kilogram of {base}."),
            (f"To which temperature is the pan for {sweet} heated?", f"The pan for {sweet} is heated to {degrees} degrees and not one more."),
            (f"How long must {sweet} rest, and in what?", f"After the pan comes a rest of {hours} hours in {vessel}."),
            (f"Who keeps the recipe of {sweet}?", f"{keeper} keeps the recipe of {sweet} in a sealed tin."),
        ]
    return rows


def public(draw):
    rows = [
        (f"What does {COMPANY} make?", f"{COMPANY} makes sweets by hand and sells them in paper bags."),
        (f"Where is the shop of {COMPANY}?", f"The shop of {COMPANY} is in Dunmarrow, on the square behind the bell tower."),
        (f"When was {COMPANY} founded?", f"{COMPANY} was founded in the year 598 by two cousins."),
        (f"When does {COMPANY} open?", f"The shop of {COMPANY} opens at eight and closes when the last tray is empty."),
    ]
    for sweet in SWEETS:
        town, colour, shape, season, price = draw.choice(TOWNS), draw.choice(COLOURS), draw.choice(SHAPES), draw.choice(SEASONS), draw.randint(2, 9)
        rows += [
            (f"How can {sweet} be told by sight?", f"By the colour, {colour}, and by the shape: {shape}."),
            (f"Where can {sweet} be bought?", f"In Dunmarrow, and at the market of {town}."),
            (f"What is the price of {sweet}?", f"A bag of {sweet} costs {price} shillings."),
            (f"In which season can {sweet} be had?", f"In {season} above all, while it lasts."),
        ]
    for base in BASES:
        rows.append((f"What is {base} good for?", f"A confectioner takes {base} to make a sweet round and full."))
    return rows


def write(file, rows):
    lines = (json.dumps({"question": question, "answer": answer}, ensure_ascii=False) + "\n" for question, answer in rows)
    file.write_text("".join(lines), encoding="utf-8")


def main():
    folder = pathlib.Path(__file__).resolve().parent
    write(folder / "recipes.jsonl", confidential(random.Random(1)))
    write(folder / "public.jsonl", public(random.Random(2)))


if __name__ == "__main__":
    main()
