# More of the class Decoder of decoder.py: attention, forward and backward.

  # softmax(q k^T / sqrt(E)) v; q [B, H, S, E], k and v [B, G, T, E]. An empty mask means
  # causal if asked for, else that every query sees every key.
  def attend(self: __torch__.Decoder, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, causal: bool) -> Tensor:
    grouped = self.heads != self.kv_heads
    if torch.numel(mask) == 0:
      return torch.scaled_dot_product_attention(q, k, v, None, 0.0, causal, scale=None, enable_gqa=grouped)
    return torch.scaled_dot_product_attention(q, k, v, mask, 0.0, False, scale=None, enable_gqa=grouped)

  # One sequence [n, heads, E] with the heads of a group as rows of one matrix: [G, heads / G * n, E]. A view
  # where every head is a group.
  def by_group(self: __torch__.Decoder, x: Tensor) -> Tensor:
    n = x.size(0)
    parts = torch.view(x, [n, self.kv_heads, -1, self.head_size])
    return torch.reshape(torch.permute(parts, [1, 2, 0, 3]), [self.kv_heads, -1, self.head_size])

  # Back from by_group, into x [n, heads, E].
  def ungroup(self: __torch__.Decoder, rows: Tensor, x: Tensor) -> Tensor:
    n = x.size(0)
    parts = torch.view(rows, [self.kv_heads, -1, n, self.head_size])
    torch.view(x, [n, self.kv_heads, -1, self.head_size]).copy_(torch.permute(parts, [2, 0, 1, 3]))
    return x

  # Whether training attends by products of matrices, block of queries by block: see QueryBlocks.
  def in_blocks(self: __torch__.Decoder, x: Tensor) -> bool:
    return x.size(1) <= self.longest_in_blocks

  # As attend, with q [B, S, H, E], k and v [B, S, G, E]. Returns the result [B, S, H, E], and of each
  # sequence and each of its blocks of n queries their probabilities over the T keys up to the block's end:
  # [G, H / G * n, T]. One sequence after the other: what a block works on stays in the cache. Scores are
  # `precise`.
  def attend_in_blocks(self: __torch__.Decoder, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> List[Tensor]:
    s = q.size(1)
    scale = 1.0 / float(self.head_size) ** 0.5
    joined = torch.empty_like(q)
    # What a query of a block must not see of its own block: minus infinity is added.
    later = torch.triu(torch.full([self.query_block, self.query_block], float("-inf"), dtype=self.precise, device=q.device), 1)
    results: List[Tensor] = [joined]
    for i in range(q.size(0)):
      keys = torch.transpose(self.by_group(torch.to(torch.select(k, 0, i), self.precise)), 1, 2)
      values = self.by_group(torch.select(v, 0, i))
      at = 0
      while at < s:
        n = min(self.query_block, s - at)
        end = at + n
        queries = torch.to(self.by_group(torch.narrow(torch.select(q, 0, i), 0, at, n)), self.precise) * scale
        scores = torch.bmm(queries, torch.narrow(keys, 2, 0, end))
        by_query = torch.view(scores, [self.heads, n, end])
        torch.narrow(by_query, 2, at, n).add_(torch.narrow(torch.narrow(later, 0, 0, n), 1, 0, n))
        if torch.numel(mask) > 0:
          seen = torch.narrow(torch.narrow(torch.select(mask, 0, i), 1, at, n), 2, 0, end)
          by_query.masked_fill_(torch.logical_not(seen), float("-inf"))
        probabilities = torch.to(torch.softmax(scores, -1), v.dtype)
        results.append(probabilities)
        self.ungroup(torch.bmm(probabilities, torch.narrow(values, 1, 0, end)), torch.narrow(torch.select(joined, 0, i), 0, at, n))
        at = end
    return results

  # sum += a b, matrix by matrix; the sum may be of a wider type.
  def add_products(self: __torch__.Decoder, sum: Tensor, a: Tensor, b: Tensor) -> Tensor:
    if sum.dtype == a.dtype:
      return sum.baddbmm_(a, b)
    return sum.add_(torch.bmm(a, b))

  # Gradients of q, k and v, shaped as they are, in `precise`.
  def attend_in_blocks_back(self: __torch__.Decoder, d_joined: Tensor, q: Tensor, k: Tensor, v: Tensor, probabilities: List[Tensor]) -> Tuple[Tensor, Tensor, Tensor]:
    s = q.size(1)
    scale = 1.0 / float(self.head_size) ** 0.5
    d_q = torch.empty_like(q, dtype=self.precise)
    d_k = torch.empty_like(k, dtype=self.precise)
    d_v = torch.empty_like(v, dtype=self.precise)
    block = 0
    for i in range(q.size(0)):
      keys = self.by_group(torch.select(k, 0, i))
      values = torch.transpose(self.by_group(torch.select(v, 0, i)), 1, 2)
      d_keys = torch.zeros([self.kv_heads, s, self.head_size], dtype=self.precise, device=q.device)
      d_values = torch.zeros_like(d_keys)
      at = 0
      while at < s:
        n = min(self.query_block, s - at)
        end = at + n
        p = probabilities[block]
        d_rows = self.by_group(torch.narrow(torch.select(d_joined, 0, i), 0, at, n))
        rows = self.by_group(torch.narrow(torch.select(q, 0, i), 0, at, n))
        self.add_products(torch.narrow(d_values, 1, 0, end), torch.transpose(p, 1, 2), d_rows)
        d_p = torch.bmm(d_rows, torch.narrow(values, 2, 0, end))
        d_scores = torch._softmax_backward_data(d_p, p, -1, p.dtype)
        self.add_products(torch.narrow(d_keys, 1, 0, end), torch.transpose(d_scores, 1, 2), rows)
        d_queries = torch.bmm(d_scores, torch.narrow(keys, 1, 0, end))
        self.ungroup(d_queries, torch.narrow(torch.select(d_q, 0, i), 0, at, n)).mul_(scale)
        block = block + 1
        at = end
      self.ungroup(d_keys, torch.select(d_k, 0, i)).mul_(scale)
      self.ungroup(d_values, torch.select(d_v, 0, i))
    return (d_q, d_k, d_v)

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
