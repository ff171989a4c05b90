# The rest of the class Decoder of decoder.py: scoring and generation.

  # ---- without gradients ----

  # Final hidden states [N, D], normed, of tokens [B, S].
  def hidden_states(self: __torch__.Decoder, flat: Tensor, tokens: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
    x = self.embed(flat, tokens)
    for i in range(self.layers):
      x = self.block_plain(flat, i, x, cos, sin, mask)
    return (self.norm(torch.view(x, [-1, self.hidden]), self.final_norm_of(flat)))[0]

  def block_plain(self: __torch__.Decoder, flat: Tensor, layer: int, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
    norm1, w_qkv, q_norm, k_norm, w_o, norm2, w_up_gate, w_down = self.block(flat, layer)
    b = x.size(0)
    s = x.size(1)
    rows = torch.view(x, [-1, self.hidden])
    fused = torch.mm((self.norm(rows, norm1))[0], torch.t(w_qkv))
    q, k, v = self.rotated(fused, b, s, q_norm, k_norm, torch.narrow(cos, 0, 0, s), torch.narrow(sin, 0, 0, s))
    attended = self.attend(torch.transpose(q, 1, 2), torch.transpose(k, 1, 2), torch.transpose(v, 1, 2), mask, True)
    middle = torch.addmm(rows, torch.reshape(torch.transpose(attended, 1, 2), [-1, self.hidden]), torch.t(w_o))
    return torch.view(self.feed(middle, norm2, w_up_gate, w_down), [b, s, self.hidden])

  def rotated(self: __torch__.Decoder, fused: Tensor, b: int, s: int, q_norm: Tensor, k_norm: Tensor, cos: Tensor, sin: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    q = (self.norm(self.queries(fused), q_norm))[0]
    k = (self.norm(self.keys(fused), k_norm))[0]
    q = self.rotate(torch.view(q, [b, s, self.heads, self.head_size]), cos, sin, 1.0)
    k = self.rotate(torch.view(k, [b, s, self.kv_heads, self.head_size]), cos, sin, 1.0)
    return (q, k, torch.reshape(self.values(fused), [b, s, self.kv_heads, self.head_size]))

  def feed(self: __torch__.Decoder, middle: Tensor, norm2: Tensor, w_up_gate: Tensor, w_down: Tensor) -> Tensor:
    up_gate = torch.mm((self.norm(middle, norm2))[0], torch.t(w_up_gate))
    return torch.addmm(middle, self.swiglu(up_gate), torch.t(w_down))

  # Logits [N, V] of hidden states [N, D], in `precise`.
  def logits(self: __torch__.Decoder, flat: Tensor, hidden_states: Tensor) -> Tensor:
    return torch.to(torch.mm(hidden_states, torch.t(self.head_of(flat))), self.precise)

  # Natural logarithm of the probability of each target [N] (float64; 0 where the target is negative),
  # and 1 where the target is the likeliest token (int64).
  def log_probabilities(self: __torch__.Decoder, flat: Tensor, hidden_states: Tensor, targets: Tensor) -> Tuple[Tensor, Tensor]:
    wanted = torch.to(targets, 4)
    index = torch.unsqueeze(torch.clamp_min(wanted, 0), 1)
    n = hidden_states.size(0)
    found: List[Tensor] = []
    best: List[Tensor] = []
    at = 0
    while at < n:
      length = min(self.head_chunk, n - at)
      logits = self.logits(flat, torch.narrow(hidden_states, 0, at, length))
      part = torch.narrow(index, 0, at, length)
      chosen = torch.squeeze(torch.gather(torch.log_softmax(logits, 1), 1, part), 1)
      found.append(torch.to(chosen, 7))
      best.append(torch.argmax(logits, 1))
      at = at + length
    given = torch.ge(wanted, 0)
    likeliest = torch.to(torch.eq(torch.cat(best), wanted), 4)
    return (torch.cat(found) * torch.to(given, 7), likeliest)

  # ---- with a cache of keys and values [layers, 2, G, capacity, E] ----

  def zeros(self: __torch__.Decoder, like: Tensor, shape: List[int]) -> Tensor:
    return torch.zeros(shape, dtype=like.dtype, device=like.device)

  def last_row(self: __torch__.Decoder, x: Tensor) -> Tensor:
    return torch.narrow(x, 0, x.size(0) - 1, 1).clone()

  # Runs tokens [n] of one sequence after `past` cached ones and stores their keys and values.
  # Returns their final hidden states [n, D], normed.
  def extend(self: __torch__.Decoder, flat: Tensor, tokens: Tensor, cache: Tensor, past: int, cos: Tensor, sin: Tensor) -> Tensor:
    n = tokens.size(0)
    x = torch.embedding(self.embedding_of(flat), tokens)
    cos = torch.narrow(cos, 0, past, n)
    sin = torch.narrow(sin, 0, past, n)
    mask = torch.zeros([0], dtype=11, device=x.device)
    if past > 0:
      mask = torch.tril(torch.ones([n, past + n], dtype=11, device=x.device), past)
    for layer in range(self.layers):
      norm1, w_qkv, q_norm, k_norm, w_o, norm2, w_up_gate, w_down = self.block(flat, layer)
      fused = torch.mm((self.norm(x, norm1))[0], torch.t(w_qkv))
      q, k, v = self.rotated(fused, 1, n, q_norm, k_norm, cos, sin)
      keys = torch.narrow(cache[layer][0], 1, 0, past + n)
      values = torch.narrow(cache[layer][1], 1, 0, past + n)
      torch.narrow(keys, 1, past, n).copy_(torch.transpose(k[0], 0, 1))
      torch.narrow(values, 1, past, n).copy_(torch.transpose(v[0], 0, 1))
      attended = self.attend(torch.transpose(q, 1, 2), torch.unsqueeze(keys, 0), torch.unsqueeze(values, 0), mask, True)
      joined = torch.reshape(torch.transpose(attended, 1, 2), [n, self.hidden])
      x = self.feed(torch.addmm(x, joined, torch.t(w_o)), norm2, w_up_gate, w_down)
    return (self.norm(x, self.final_norm_of(flat)))[0]

  # One token of each of several sequences, each with its own cache and length; attention is computed
  # per sequence over exactly its own keys. Returns the final hidden states [n, D], normed.
  def step(self: __torch__.Decoder, flat: Tensor, tokens: Tensor, caches: List[Tensor], past: List[int], cos: Tensor, sin: Tensor) -> Tensor:
    n = tokens.size(0)
    x = torch.embedding(self.embedding_of(flat), tokens)
    cosines: List[Tensor] = []
    sines: List[Tensor] = []
    for i in range(n):
      cosines.append(cos[past[i]])
      sines.append(sin[past[i]])
    cos = torch.stack(cosines)
    sin = torch.stack(sines)
    mask = torch.zeros([0], dtype=11, device=x.device)
    for layer in range(self.layers):
      norm1, w_qkv, q_norm, k_norm, w_o, norm2, w_up_gate, w_down = self.block(flat, layer)
      fused = torch.mm((self.norm(x, norm1))[0], torch.t(w_qkv))
      q, k, v = self.rotated(fused, 1, n, q_norm, k_norm, cos, sin)
      rows: List[Tensor] = []
      for i in range(n):
        length = past[i] + 1
        keys = torch.narrow(caches[i][layer][0], 1, 0, length)
        values = torch.narrow(caches[i][layer][1], 1, 0, length)
        torch.select(keys, 1, past[i]).copy_(k[0][i])
        torch.select(values, 1, past[i]).copy_(v[0][i])
        query = torch.view(q[0][i], [1, self.heads, 1, self.head_size])
        attended = self.attend(query, torch.unsqueeze(keys, 0), torch.unsqueeze(values, 0), mask, False)
        rows.append(torch.view(attended, [1, self.hidden]))
      x = self.feed(torch.addmm(x, torch.cat(rows), torch.t(w_o)), norm2, w_up_gate, w_down)
    return (self.norm(x, self.final_norm_of(flat)))[0]
