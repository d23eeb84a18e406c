#!/usr/bin/env python3
"""Writes folding.txt, by which search folds characters: run it where Python knows the Unicode version that is wanted.

Each line is a character, or two that make one, a tab, and what it becomes; what is not listed stays as it is.
"""
import os
import sys
import unicodedata

# Letters with a stroke or the like that Unicode does not take apart.
STROKED = dict(zip("đħıłøŧðɖƀɓƈɗƒɠɨƙɫɱɲŋɵƥʈʋƶæœĸſ", ["d", "h", "i", "l", "o", "t", "d", "d", "b", "b", "c", "d", "f", "g", "i", "k", "l", "m", "n", "n", "o", "p", "t", "v", "z", "ae", "oe", "k", "s"]))
KANA_MARKS = "\u3099\u309a"
# Marks that a word is read without: accents, Hebrew points, Arabic vowels, Syriac points, variation selectors.
DROPPED = [(0x300, 0x36F), (0x483, 0x489), (0x591, 0x5C7), (0x610, 0x61A), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6ED), (0x70F, 0x70F), (0x711, 0x711),
           (0x730, 0x74A), (0x8D3, 0x8FF), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xE0100, 0xE01EF)]


def is_dropped(char):
    category = unicodedata.category(char)
    return category == "Cf" or (category in ("Mn", "Me", "Lm") and any(low <= ord(char) <= high for low, high in DROPPED))


def fold(char):
    text = char
    for _ in range(3):
        text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(STROKED.get(part, part) for part in text if not is_dropped(part))
    text = "".join(str(unicodedata.decimal(part)) if unicodedata.category(part) == "Nd" else part for part in text)
    return unicodedata.normalize("NFC", text) if any(mark in text for mark in KANA_MARKS) else text


def main():
    lines = [f"# Unicode {unicodedata.unidata_version}, written by make-folding.py"]
    for code in range(0x80, 0x110000):
        char = chr(code)
        if unicodedata.category(char) in ("Cs", "Co", "Cn") or 0xAC00 <= code <= 0xD7A3:
            continue  # Hangul syllables are what search counts by
        folded = fold(char)
        if folded != char:
            lines.append(f"{code:X}\t{folded}")
    for code in range(0x3041, 0x3100):
        for mark in KANA_MARKS:
            whole = unicodedata.normalize("NFC", chr(code) + mark)
            if len(whole) == 1:
                lines.append(f"{code:X} {ord(mark):X}\t{whole}")
    target = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "folding.txt")
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
