"""Writes the character tables of the byte-level BPE encoder by asking the reference library.

The split patterns of Hugging Face `tokenizers` know one version of Unicode and its NFC another,
older one; neither is that of any JDK. Identical ids need the library's view, so this script asks
it about every code point:

    python benchmarks/peers/unicode_tables.py \
        > tokenize/src/main/resources/org/instella/tokenize/bpe/unicode/tables.txt

The values of combining classes and the parts of decompositions come from Python's unicodedata,
for the code points that the library's NFC knows.
"""

import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
TEXT = "".join(map(chr, POINTS))
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp".split()


def members(pattern):
    """The code points that `pattern`, one character class, matches."""
    found = set()
    for piece, _ in pre_tokenizers.Split(Regex(pattern), "removed", invert=True).pre_tokenize_str(TEXT):
        found.update(map(ord, piece))
    return found


def word_characters():
    """The code points beside which a single-word added token does not match."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.add_tokens([AddedToken("#", single_word=True, normalized=False)])
    return {c for c in POINTS if not tokenizer.encode(chr(c) + "#").ids}


def isolated(step):
    """The code points that a pre-tokenizer cuts out of a run of letters."""
    found = set()
    for block in range(0, len(POINTS), 4096):
        text = "".join(f"a{chr(c)}a" for c in POINTS[block : block + 4096])
        found.update(ord(p) for p, _ in step.pre_tokenize_str(text) if len(p) == 1 and p != "a")
    return found


def ranges(points):
    """Sorted points as "41-5A 61-7A AA"."""
    out, first, last = [], None, None
    for c in sorted(points):
        if last is not None and c == last + 1:
            last = c
            continue
        if first is not None:
            out.append((first, last))
        first = last = c
    if first is not None:
        out.append((first, last))
    return [f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in out]


def emit(head, words):
    """Lines of at most 100 columns, each beginning with `head`."""
    line = head
    for word in words:
        if len(line) + 1 + len(word) > 100:
            print(line)
            line = head
        line += " " + word
    print(line)


def main():
    nfc, nfd = normalizers.NFC(), normalizers.NFD()
    # A mark of class 1..239 moves before U+0345 (class 240); one of class above 240 does not exist.
    # 0F73, 0F75 and 0F81 decompose, so their own class never shows; all other moves are known marks.
    marks = {
        c
        for c in POINTS
        if unicodedata.combining(chr(c))
        and (c == 0x345 or nfd.normalize_str("\u0345" + chr(c)) != "\u0345" + nfd.normalize_str(chr(c)))
    }
    print("# Character tables of the byte-level BPE encoder, made by benchmarks/peers/unicode_tables.py")
    print(f"# as Hugging Face tokenizers {tokenizers.__version__} sees them.")
    print("# space: code points that \\s matches in a split pattern.")
    print("# word: code points beside which a single-word added token does not match (\\w).")
    print("# punctuation, numeric: what the Punctuation and Digits steps cut out.")
    print("# category G: code points that \\p{G} matches in a split pattern.")
    print("# class C: canonical combining class C of the NFC normaliser.")
    print("# composed A=B+C: canonical decomposition that NFC puts together again;")
    print("# decomposed A=B or A=B+C: one that it does not.")
    emit("space", ranges(members(r"\s")))
    emit("word", ranges(word_characters()))
    emit("punctuation", ranges(isolated(pre_tokenizers.Punctuation("isolated"))))
    emit("numeric", ranges(isolated(pre_tokenizers.Digits(individual_digits=True))))
    for category in CATEGORIES:
        emit(f"category {category}", ranges(members(f"\\p{{{category}}}")))
    by_class = {}
    for c in marks:
        by_class.setdefault(unicodedata.combining(chr(c)), set()).add(c)
    for value in sorted(by_class):
        emit(f"class {value}", ranges(by_class[value]))
    composed, decomposed = [], []
    for c in POINTS:
        text = chr(c)
        if 0xAC00 <= c <= 0xD7A3 or nfd.normalize_str(text) == text:
            continue
        parts = unicodedata.decomposition(text)
        assert parts and "<" not in parts, hex(c)
        word = f"{c:X}=" + "+".join(f"{int(p, 16):X}" for p in parts.split())
        (composed if nfc.normalize_str(text) == text else decomposed).append(word)
    emit("composed", composed)
    emit("decomposed", decomposed)


if __name__ == "__main__":
    main()
