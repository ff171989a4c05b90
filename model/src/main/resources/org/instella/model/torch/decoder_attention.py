# More of the class Decoder of decoder.py: attention, forward and backward.

  # softmax(q k^T / sqrt(E)) v; q [B, H, S, E], k and v [B, G, T, E]. An empty mask means
  # causal if asked for, else that every query sees every key.
  def attend(self: __torch__.Decoder, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, causal: bool) -> Tensor:
    grouped = self.heads != self.kv_heads
    if torch.numel(mask) == 0:
      return torch.scaled_dot_product_attention(q, k, v, None, 0.0, causal, scale=None, enable_gqa=grouped)
    return torch.scaled_dot_product_attention(q, k, v, mask, 0.0, False, scale=None, enable_gqa=grouped)

  # [B, n, heads, E] with the heads of a group as rows of one matrix: [B * G, heads / G * n, E].
  def by_group(self: __torch__.Decoder, x: Tensor) -> Tensor:
    b = x.size(0)
    n = x.size(1)
    parts = torch.reshape(x, [b, n, self.kv_heads, -1, self.head_size])
    return torch.reshape(torch.permute(parts, [0, 2, 3, 1, 4]), [b * self.kv_heads, -1, self.head_size])

  # Back from by_group, into x [B, n, heads, E].
  def ungroup(self: __torch__.Decoder, rows: Tensor, x: Tensor) -> Tensor:
    b = x.size(0)
    n = x.size(1)
    parts = torch.view(rows, [b, self.kv_heads, -1, n, self.head_size])
    return x.copy_(torch.reshape(torch.permute(parts, [0, 3, 1, 2, 4]), [b, n, -1, self.head_size]))

  # Whether training attends by products of matrices, block of queries by block: see QueryBlocks.
  def in_blocks(self: __torch__.Decoder, x: Tensor) -> bool:
    return x.size(1) <= self.longest_in_blocks

  # As attend, with q [B, S, H, E], k and v [B, S, G, E]. Returns the result [B, S, H, E], and of each
  # block of n queries their probabilities over the T keys up to its end: [B * G, H / G * n, T].
  # Scores are `precise`.
  def attend_in_blocks(self: __torch__.Decoder, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> List[Tensor]:
    b = q.size(0)
    s = q.size(1)
    scale = 1.0 / float(self.head_size) ** 0.5
    joined = torch.empty_like(q)
    keys = self.by_group(torch.to(k, self.precise))
    values = self.by_group(v)
    # Rows of s zeros, and minus infinity for what is later: a product is added to a part of it.
    later = torch.triu(torch.full([self.query_block, s + self.query_block], float("-inf"), dtype=self.precise, device=q.device), s + 1)
    results: List[Tensor] = [joined]
    at = 0
    while at < s:
      n = min(self.query_block, s - at)
      end = at + n
      queries = torch.to(self.by_group(torch.narrow(q, 1, at, n)), self.precise) * scale
      unseen = torch.narrow(torch.narrow(later, 0, 0, n), 1, s - at, end).repeat([self.heads // self.kv_heads, 1])
      scores = torch.baddbmm(unseen, queries, torch.transpose(torch.narrow(keys, 1, 0, end), 1, 2))
      if torch.numel(mask) > 0:
        seen = torch.narrow(torch.narrow(mask, 2, at, n), 3, 0, end)
        torch.view(scores, [b, self.heads, n, end]).masked_fill_(torch.logical_not(seen), float("-inf"))
      probabilities = torch.to(torch.softmax(scores, -1), v.dtype)
      results.append(probabilities)
      self.ungroup(torch.bmm(probabilities, torch.narrow(values, 1, 0, end)), torch.narrow(joined, 1, at, n))
      at = end
    return results

  # Gradients of q, k and v, shaped as they are, in `precise`. The last block comes first: it sees all keys.
  def attend_in_blocks_back(self: __torch__.Decoder, d_joined: Tensor, q: Tensor, k: Tensor, v: Tensor, probabilities: List[Tensor]) -> Tuple[Tensor, Tensor, Tensor]:
    s = q.size(1)
    scale = 1.0 / float(self.head_size) ** 0.5
    keys = self.by_group(k)
    values = self.by_group(v)
    d_q = torch.empty_like(q, dtype=self.precise)
    d_keys = torch.zeros_like(keys, dtype=self.precise)
    d_values = torch.zeros_like(values, dtype=self.precise)
    block = len(probabilities)
    end = s
    while block > 0:
      block = block - 1
      p = probabilities[block]
      at = block * self.query_block
      n = end - at
      d_rows = self.by_group(torch.narrow(d_joined, 1, at, n))
      rows = self.by_group(torch.narrow(q, 1, at, n))
      torch.narrow(d_values, 1, 0, end).add_(torch.bmm(torch.transpose(p, 1, 2), d_rows))
      seen = torch.contiguous(torch.narrow(values, 1, 0, end))
      d_p = torch.bmm(d_rows, torch.transpose(seen, 1, 2))
      d_scores = torch._softmax_backward_data(d_p, p, -1, p.dtype)
      torch.narrow(d_keys, 1, 0, end).add_(torch.bmm(torch.transpose(d_scores, 1, 2), rows))
      self.ungroup(torch.bmm(d_scores, torch.narrow(keys, 1, 0, end)), torch.narrow(d_q, 1, at, n))
      end = at
    d_k = self.ungroup(d_keys.mul_(scale), torch.empty_like(k, dtype=self.precise))
    d_v = self.ungroup(d_values, torch.empty_like(v, dtype=self.precise))
    return (d_q.mul_(scale), d_k, d_v)

  # Attention's result as rows [N, D] in the type of x.
  def joined(self: __torch__.Decoder, attended: Tensor, x: Tensor) -> Tensor:
    if not self.in_blocks(x):
      attended = torch.transpose(attended.detach(), 1, 2)
    return torch.to(torch.reshape(attended, [-1, self.hidden]), x.dtype)

  # Gradients of q, k and v [B, S, heads, E]; attended: the result, and probabilities if in blocks.
  def attention_back(self: __torch__.Decoder, d_joined: Tensor, q: Tensor, k: Tensor, v: Tensor, attended: List[Tensor]) -> Tuple[Tensor, Tensor, Tensor]:
    if len(attended) > 1:
      return self.attend_in_blocks_back(d_joined, q, k, v, attended[1:])
    outputs: List[Tensor] = [attended[0]]
    leaves: List[Tensor] = [q, k, v]
    given: List[Optional[Tensor]] = [torch.transpose(d_joined, 1, 2)]
    d_q, d_k, d_v = torch.autograd.grad(outputs, leaves, given)
    dq = torch.transpose(unchecked_cast(Tensor, d_q), 1, 2)
    dk = torch.transpose(unchecked_cast(Tensor, d_k), 1, 2)
    return (dq, dk, torch.transpose(unchecked_cast(Tensor, d_v), 1, 2))
