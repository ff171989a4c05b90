#!/usr/bin/env python3
"""Scores the same pairs with lm-evaluation-harness on the reference implementation, and compares.

    python score_with_lm_eval.py make   REFERENCE TOKENIZER MODEL_DIR
    python score_with_lm_eval.py pairs  REQUESTS... > pairs.jsonl
    bin/instella score --model MODEL_DIR --input pairs.jsonl --output scores.jsonl
    python score_with_lm_eval.py check  REFERENCE MODEL_DIR scores.jsonl REQUESTS...

REFERENCE  a checkout of github.com/AMD-AIG-AIMA/Instella (hf_instella/modeling_instella.py)
TOKENIZER  a tokenizer.json
MODEL_DIR  a model folder; `make` writes a small one with random weights (seed 1)
REQUESTS   requests.jsonl.gz files as OLMES writes them

Prints, over all pairs: the largest difference of log-probabilities, questions with another choice,
pairs with another number of tokens or another is_greedy, the time of lm_eval's scoring loop, and for
the pairs that differ most the distance of either side to the reference in float64 (lm_eval adds up
the tokens of a continuation in float32).
Needs torch, safetensors, transformers and lm_eval 0.4.13.
"""

import gzip
import json
import shutil
import sys
import time
from pathlib import Path

TOLERANCE = 1e-4
WORST = 20


def requests(files):
    for name in files:
        with gzip.open(name, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["request_type"] == "loglikelihood":
                    request = row["request"]
                    yield (name, row["doc_id"]), request["context"], request["continuation"]


def reference(path):
    import transformers

    # One docstring of the reference lacks the section that transformers insists on.
    transformers.utils.replace_return_docstrings = lambda *a, **k: lambda function: function
    sys.path.insert(0, path)
    from hf_instella.configuration_instella import InstellaConfig
    from hf_instella.modeling_instella import InstellaForCausalLM

    return InstellaConfig, InstellaForCausalLM


def make(path, tokenizer, folder):
    import torch
    from safetensors.torch import save_file

    config_class, model_class = reference(path)
    config = config_class(
        vocab_size=50304, hidden_size=256, intermediate_size=688, num_hidden_layers=4,
        num_attention_heads=4, max_position_embeddings=1024, initializer_range=0.06,
        eos_token_id=0, pad_token_id=1, tie_word_embeddings=False)
    config._attn_implementation = "eager"
    torch.manual_seed(1)
    model = model_class(config).float()
    folder = Path(folder)
    folder.mkdir(parents=True)
    config.architectures = ["InstellaForCausalLM"]
    config.save_pretrained(folder)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copy(tokenizer, folder / "tokenizer.json")
    print(f"{folder}: {sum(p.numel() for p in model.parameters()):,} parameters")


def pairs(files):
    for _, context, continuation in requests(files):
        print(json.dumps({"context": context, "continuation": continuation}))


def open_model(path, folder):
    import torch
    from safetensors.torch import load_file

    config_class, model_class = reference(path)
    config = config_class.from_pretrained(folder)
    config._attn_implementation = "eager"
    config.use_cache = False  # its cache predates transformers 5
    model = model_class(config).float().eval()
    missing = model.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    assert not missing.missing_keys and not missing.unexpected_keys, missing
    torch.set_grad_enabled(False)
    return model


def in_float64(harness, asked, ours, theirs):
    """Largest distance of either side to the reference model in float64, over the worst pairs."""
    import torch

    model = harness.model.double()
    worst = sorted(range(len(asked)), key=lambda i: -abs(ours[i]["logprob"] - theirs[i][0]))[:WORST]
    off = []
    for i in worst:
        context, continuation = harness._encode_pair(*asked[i][1:])
        ids = torch.tensor([(context + continuation)[-1025:]])
        scores = model(ids[:, :-1]).logits.log_softmax(-1)[0]
        n = len(continuation)
        exact = scores[-n:].gather(1, ids[0, -n:, None]).sum().item()
        off.append((abs(ours[i]["logprob"] - exact), abs(theirs[i][0] - exact)))
    return max(a for a, _ in off), max(b for _, b in off)


def check(path, folder, scores, files):
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    from transformers import PreTrainedTokenizerFast

    torch.set_num_threads(1)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(Path(folder) / "tokenizer.json"), eos_token="<|endoftext|>",
        bos_token="<|endoftext|>", pad_token="<|padding|>")
    harness = HFLM(pretrained=open_model(path, folder), tokenizer=tokenizer, batch_size=8,
                   max_length=1024, device="cpu", dtype="float32")
    asked = list(requests(files))
    instances = [Instance("loglikelihood", {}, (context, continuation), i)
                 for i, (_, context, continuation) in enumerate(asked)]
    start = time.perf_counter()
    theirs = harness.loglikelihood(instances, disable_tqdm=True)
    seconds = time.perf_counter() - start
    ours = [json.loads(line) for line in open(scores, encoding="utf-8")]
    assert len(ours) == len(asked), (len(ours), len(asked))
    widest = max(abs(a["logprob"] - b[0]) for a, b in zip(ours, theirs))
    greedy = sum(a["is_greedy"] != bool(b[1]) for a, b in zip(ours, theirs))
    tokens = sum(a["tokens"] != len(harness._encode_pair(context, continuation)[1])
                 for a, (_, context, continuation) in zip(ours, asked))
    questions = {}
    for (key, _, _), a, b in zip(asked, ours, theirs):
        questions.setdefault(key, []).append((a["logprob"], b[0]))
    other = sum(max(range(len(s)), key=lambda i: s[i][0]) != max(range(len(s)), key=lambda i: s[i][1])
                for s in questions.values())
    print(f"pairs {len(asked)}, questions {len(questions)}")
    print(f"largest difference of log-probabilities {widest:.2e}")
    print(f"questions with another choice {other}, another is_greedy {greedy}, "
          f"another number of tokens {tokens}")
    print(f"lm_eval: {seconds:.1f} s for the loop, batch 8, one thread")
    ours_off, theirs_off = in_float64(harness, asked, ours, theirs)
    print(f"the {WORST} pairs that differ most, against the reference in float64: "
          f"ours {ours_off:.2e}, lm_eval {theirs_off:.2e}")
    ok = ours_off <= TOLERANCE and not other and not tokens
    print("OK" if ok else "DIFFERENT")
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "make":
        make(*arguments)
    elif command == "pairs":
        pairs(arguments)
    elif command == "check":
        check(arguments[0], arguments[1], arguments[2], arguments[3:])
    else:
        sys.exit(__doc__)
