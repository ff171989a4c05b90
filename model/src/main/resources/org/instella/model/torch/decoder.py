# The Instella decoder: embedding, pre-norm blocks (attention with QK-norm and rotary embedding,
# SwiGLU), final norm, head; no biases. Forward pass as hf_instella/modeling_instella.py.
#
# Weights come as one flat tensor in the order of TransformerConfig.tensors(); matrices are
# (out, in), and q, k, v (and up, gate) are neighbours, so their products are fused. The backward
# pass is written out, and products write straight into the flat gradient. Attention is written out for
# short sequences on a processor; else it goes through autograd, which picks the kernel of the device.
#
# The class goes on in decoder_attention.py and decoder_without_gradients.py.
#
# Shapes: B batch, S sequence, N = B * S tokens, D hidden, K key/value width, H heads, G key/value
# heads, E head size, F feed-forward, V vocabulary.
#
# Norms, rotary embedding, softmax and losses are computed in `precise` (float32, or float64 for
# gradient checks); all else in the type of `flat`. Where the processor has no instructions for
# bfloat16 (`widen`), training multiplies such matrices and attends in float32: the operands are the
# same bfloat16 numbers and the results are rounded at the same places, four times faster. Where oneDNN
# multiplies faster than what libtorch takes for float32 (`one_dnn`), products of two matrices go to it.
class Decoder(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  layers : int
  hidden : int
  heads : int
  kv_heads : int
  head_size : int
  feed_forward : int
  vocabulary : int
  tied : bool
  padding : int
  eps : float
  rope_base : float
  precise : int
  head_chunk : int
  widen : bool
  query_block : int
  longest_in_blocks : int
  one_dnn : bool

  # ---- layout of the flat buffer ----

  def block_start(self: __torch__.Decoder, layer: int) -> int:
    kv = self.kv_heads * self.head_size
    attention = 3 * self.hidden + kv + (2 * self.hidden + 2 * kv) * self.hidden
    return self.vocabulary * self.hidden + layer * (attention + 3 * self.feed_forward * self.hidden)

  def matrix(self: __torch__.Decoder, flat: Tensor, start: int, rows: int, columns: int) -> Tensor:
    return torch.view(torch.narrow(flat, 0, start, rows * columns), [rows, columns])

  # norm1 [D], qkv [D+2K, D], q_norm [D], k_norm [K], o [D, D], norm2 [D], up_gate [2F, D], down [D, F]
  def block(self: __torch__.Decoder, flat: Tensor, layer: int) -> List[Tensor]:
    d = self.hidden
    kv = self.kv_heads * self.head_size
    f = self.feed_forward
    at = self.block_start(layer)
    parts: List[Tensor] = []
    parts.append(torch.narrow(flat, 0, at, d))
    at = at + d
    parts.append(self.matrix(flat, at, d + 2 * kv, d))
    at = at + (d + 2 * kv) * d
    parts.append(torch.narrow(flat, 0, at, d))
    at = at + d
    parts.append(torch.narrow(flat, 0, at, kv))
    at = at + kv
    parts.append(self.matrix(flat, at, d, d))
    at = at + d * d
    parts.append(torch.narrow(flat, 0, at, d))
    at = at + d
    parts.append(self.matrix(flat, at, 2 * f, d))
    at = at + 2 * f * d
    parts.append(self.matrix(flat, at, d, f))
    return parts

  def embedding_of(self: __torch__.Decoder, flat: Tensor) -> Tensor:
    return self.matrix(flat, 0, self.vocabulary, self.hidden)

  def final_norm_of(self: __torch__.Decoder, flat: Tensor) -> Tensor:
    return torch.narrow(flat, 0, self.block_start(self.layers), self.hidden)

  def head_of(self: __torch__.Decoder, flat: Tensor) -> Tensor:
    start = self.block_start(self.layers) + self.hidden
    if self.tied:
      start = 0
    return self.matrix(flat, start, self.vocabulary, self.hidden)

  # ---- parts, forward and backward ----

  # x / sqrt(mean(x^2) + eps) * weight over the last axis (Zhang and Sennrich 2019), and the factor
  # 1 / sqrt(...) [N, 1], which the backward pass wants again.
  def norm(self: __torch__.Decoder, x: Tensor, weight: Tensor) -> Tuple[Tensor, Tensor]:
    wide = torch.to(x, self.precise)
    length = torch.linalg_vector_norm(wide, 2, [-1], True)
    factor = torch.rsqrt(length * length / x.size(-1) + self.eps)
    return (self.norm_again(x, weight, factor), factor)

  def norm_again(self: __torch__.Decoder, x: Tensor, weight: Tensor, factor: Tensor) -> Tensor:
    wide = torch.to(x, self.precise) * factor
    return torch.to(wide.mul_(torch.to(weight, self.precise)), x.dtype)

  # Gradient of x in `precise`, given that of the output, which may be overwritten; that of the weight
  # goes into `out`.
  def norm_back(self: __torch__.Decoder, dy: Tensor, x: Tensor, weight: Tensor, factor: Tensor, out: Tensor) -> Tensor:
    wide = torch.to(x, self.precise)
    g = torch.to(dy, self.precise)
    w = torch.to(weight, self.precise)
    product = wide * g
    out.copy_(torch.mv(torch.t(product), torch.view(factor, [-1])))
    along = torch.view(torch.mv(product, w), [-1, 1])
    along = along * factor * factor * factor / x.size(-1)
    return g.mul_(w).mul_(factor).addcmul_(wide, along, value=-1.0)

  # Rotary embedding (Su et al. 2021): the halves of a head turn against each other. x [B, S, H, E];
  # cos and sin [S, 1, E/2]; direction -1 turns back, which is the gradient.
  def rotate(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor, direction: float) -> Tensor:
    half = self.head_size // 2
    wide = torch.to(x, self.precise)
    turned = wide * torch.cat([cos, cos], -1)
    torch.narrow(turned, -1, 0, half).addcmul_(torch.narrow(wide, -1, half, half), sin, value=-direction)
    torch.narrow(turned, -1, half, half).addcmul_(torch.narrow(wide, -1, 0, half), sin, value=direction)
    return torch.to(turned, x.dtype)

  def swiglu(self: __torch__.Decoder, up_gate: Tensor) -> Tensor:
    up = torch.narrow(up_gate, -1, 0, self.feed_forward)
    gate = torch.narrow(up_gate, -1, self.feed_forward, self.feed_forward)
    return torch.silu(gate).mul_(up)

  # In place: d_inner, the gradient of swiglu(up_gate), becomes that result again, and up_gate becomes its own
  # gradient. On a processor some rows after the others, so that what lies between is read from the cache.
  def swiglu_back(self: __torch__.Decoder, d_inner: Tensor, up_gate: Tensor) -> Tensor:
    f = self.feed_forward
    step = d_inner.size(0)
    if not d_inner.is_cuda:
      step = 64
    at = 0
    while at < d_inner.size(0):
      n = min(step, d_inner.size(0) - at)
      d = torch.narrow(d_inner, 0, at, n)
      up = torch.narrow(torch.narrow(up_gate, 0, at, n), 1, 0, f)
      gate = torch.narrow(torch.narrow(up_gate, 0, at, n), 1, f, f)
      silu = torch.silu(gate)
      d_silu = d * up
      d_up = d * silu
      torch.mul(silu, up, out=d)
      up.copy_(d_up)
      torch.silu_backward(d_silu, gate, grad_input=gate)
      at = at + n
    return up_gate

  # x in the type that products of matrices are computed in.
  def operand(self: __torch__.Decoder, x: Tensor) -> Tensor:
    if self.widen:
      return torch.to(x, self.precise)
    return x

  # a b, both of one type.
  def mm(self: __torch__.Decoder, a: Tensor, b: Tensor) -> Tensor:
    if self.one_dnn:
      no_scalars: List[Optional[number]] = []
      return ops.mkldnn._linear_pointwise(a, torch.t(b), None, "none", no_scalars, "")
    return torch.mm(a, b)

  # a b in the type of a.
  def product(self: __torch__.Decoder, a: Tensor, b: Tensor) -> Tensor:
    if self.widen:
      return torch.to(self.mm(torch.to(a, self.precise), torch.to(b, self.precise)), a.dtype)
    return self.mm(a, b)

  # c + a b in the type of a. oneDNN adds to a float32 product in a slow pass of its own.
  def sum_with_product(self: __torch__.Decoder, c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    if self.widen:
      wide = torch.addmm(torch.to(c, self.precise), torch.to(a, self.precise), torch.to(b, self.precise))
      return torch.to(wide, a.dtype)
    if self.one_dnn:
      if a.dtype == self.precise:
        return self.mm(a, b).add_(c)
      return ops.mkldnn._linear_pointwise(a, c, torch.t(b), None, "add")
    return torch.addmm(c, a, b)

  # a^T as a matrix of its own. To libtorch's contiguous() it is element by element; shuffling the
  # channels of a one-pixel image is the same by vectors, in a third of the time.
  def turned(self: __torch__.Decoder, a: Tensor) -> Tensor:
    n = torch.numel(a)
    pixel = torch.as_strided(torch.contiguous(a), [1, n, 1, 1], [n, 1, n, n])
    return torch.view(torch.channel_shuffle(pixel, a.size(0)), [a.size(1), a.size(0)])

  # a^T b of a [N, m] and b [N, n], both of one type. oneDNN would turn a round more slowly itself. Where that
  # turns fewer numbers, (b^T a)^T is computed.
  def turned_product(self: __torch__.Decoder, a: Tensor, b: Tensor) -> Tensor:
    if self.one_dnn and a.dtype == self.precise:
      if torch.numel(a) > torch.numel(b) + a.size(1) * b.size(1):
        return self.turned(self.mm(self.turned(b), a))
      return self.mm(self.turned(a), b)
    return torch.mm(torch.t(a), b)

  # out = a^T b, or with `add` out += a^T b. The flat gradient may be wider than the product's type.
  def turned_product_into(self: __torch__.Decoder, out: Tensor, a: Tensor, b: Tensor, add: bool) -> Tensor:
    a = self.operand(a)
    b = self.operand(b)
    if add:
      out.add_(self.turned_product(a, b))
    elif out.dtype == a.dtype and not self.one_dnn:
      torch.mm(torch.t(a), b, out=out)
    else:
      out.copy_(self.turned_product(a, b))
    return out

  def queries(self: __torch__.Decoder, fused: Tensor) -> Tensor:
    return torch.narrow(fused, -1, 0, self.hidden)

  def keys(self: __torch__.Decoder, fused: Tensor) -> Tensor:
    return torch.narrow(fused, -1, self.hidden, self.kv_heads * self.head_size)

  def values(self: __torch__.Decoder, fused: Tensor) -> Tensor:
    kv = self.kv_heads * self.head_size
    return torch.narrow(fused, -1, self.hidden + kv, kv)

  # ---- training: one call per block, so that Java sees each gradient as it becomes final ----

  # Cosines and sines [positions, 1, E/2], always float32 as in the reference: the angle of position
  # 700 in float64 would differ by more than a float32 run can tell.
  def rotary_tables(self: __torch__.Decoder, flat: Tensor, position_count: Tensor) -> Tuple[Tensor, Tensor]:
    exponents = torch.to(torch.arange(0, self.head_size, 2), 6) / self.head_size
    frequencies = torch.reciprocal(torch.pow(self.rope_base, exponents))
    angles = torch.unsqueeze(torch.to(torch.arange(int(position_count)), 6), 1) * torch.unsqueeze(frequencies, 0)
    angles = torch.unsqueeze(angles, 1)
    cos = torch.to(torch.cos(angles), self.precise)
    sin = torch.to(torch.sin(angles), self.precise)
    return (cos.to(flat.device), sin.to(flat.device))

  # Weights to compute with, in another type than the master weights.
  def compute_copy(self: __torch__.Decoder, flat: Tensor, type_number: Tensor) -> Tensor:
    return torch.to(flat, int(type_number), False, True)

  def refresh(self: __torch__.Decoder, copy: Tensor, flat: Tensor) -> Tensor:
    return copy.copy_(flat)

  # True where a query [S] may see a key [S]: not later, and of the same document. [B, 1, S, S]
  def document_mask(self: __torch__.Decoder, documents: Tensor) -> Tensor:
    s = documents.size(1)
    same = torch.unsqueeze(documents, 1) == torch.unsqueeze(documents, 2)
    return torch.unsqueeze(torch.tril(same), 1)

  def embed(self: __torch__.Decoder, flat: Tensor, tokens: Tensor) -> Tensor:
    return torch.embedding(self.embedding_of(flat), tokens)

  # x [B, S, D]. Returns the block's output and what its backward pass needs: fused [N, D+2K], factors
  # of the norms, middle, up_gate [N, 2F], attention's inputs, its result and, in blocks, probabilities.
  def block_forward(self: __torch__.Decoder, flat: Tensor, layer_number: Tensor, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> List[Tensor]:
    torch.set_grad_enabled(False)
    norm1, w_qkv, q_norm, k_norm, w_o, norm2, w_up_gate, w_down = self.block(flat, int(layer_number))
    b = x.size(0)
    s = x.size(1)
    cos = torch.narrow(cos, 0, 0, s)
    sin = torch.narrow(sin, 0, 0, s)
    rows = torch.view(x, [-1, self.hidden])
    normed, factor1 = self.norm(rows, norm1)
    fused = self.product(normed, torch.t(w_qkv))
    q, q_factor = self.norm(self.queries(fused), q_norm)
    k, k_factor = self.norm(self.keys(fused), k_norm)
    q = self.rotate(torch.view(q, [b, s, self.heads, self.head_size]), cos, sin, 1.0)
    k = self.rotate(torch.view(k, [b, s, self.kv_heads, self.head_size]), cos, sin, 1.0)
    v = torch.reshape(self.values(fused), [b, s, self.kv_heads, self.head_size])
    q = self.operand(q)
    k = self.operand(k)
    v = self.operand(v)
    attended: List[Tensor] = []
    if self.in_blocks(x):
      attended = self.attend_in_blocks(q, k, v, mask)
    else:
      torch.set_grad_enabled(True)
      q = torch.transpose(q, 1, 2).detach().requires_grad_(True)
      k = torch.transpose(k, 1, 2).detach().requires_grad_(True)
      v = torch.transpose(v, 1, 2).detach().requires_grad_(True)
      attended = [self.attend(q, k, v, mask, True)]
      torch.set_grad_enabled(False)
    joined = self.joined(attended[0], x)
    middle = self.sum_with_product(rows, joined, torch.t(w_o))
    normed, factor2 = self.norm(middle, norm2)
    up_gate = self.product(normed, torch.t(w_up_gate))
    y = self.sum_with_product(middle, self.swiglu(up_gate), torch.t(w_down))
    return [torch.view(y, [b, s, self.hidden]), fused, factor1, q_factor, k_factor, middle, factor2, up_gate, q, k, v] + attended

  # dy and x [B, S, D]; kept is what block_forward returned after the output, and is not fit for a second use.
  # Writes the block's part of `grads` and returns the gradient of x.
  def block_backward(self: __torch__.Decoder, flat: Tensor, grads: Tensor, layer_number: Tensor, dy: Tensor, x: Tensor, cos: Tensor, sin: Tensor, kept: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    layer = int(layer_number)
    norm1, w_qkv, q_norm, k_norm, w_o, norm2, w_up_gate, w_down = self.block(flat, layer)
    g_norm1, g_qkv, g_q_norm, g_k_norm, g_o, g_norm2, g_up_gate, g_down = self.block(grads, layer)
    fused, factor1, q_factor, k_factor, middle, factor2, up_gate, q, k, v, attended = kept[0:11]
    b = x.size(0)
    s = x.size(1)
    cos = torch.narrow(cos, 0, 0, s)
    sin = torch.narrow(sin, 0, 0, s)
    rows = torch.view(x, [-1, self.hidden])
    dy = torch.view(dy, [-1, self.hidden])

    # feed-forward: y = middle + (silu(gate) * up) down^T
    inner = self.product(dy, w_down)
    d_up_gate = self.swiglu_back(inner, up_gate)
    self.turned_product_into(g_down, dy, inner, False)
    self.turned_product_into(g_up_gate, d_up_gate, self.norm_again(middle, norm2, factor2), False)
    d_normed = self.product(d_up_gate, w_up_gate)
    d_middle = torch.to(self.norm_back(d_normed, middle, norm2, factor2, g_norm2), x.dtype).add_(dy)

    # attention: middle = x + attended o^T
    self.turned_product_into(g_o, d_middle, self.joined(attended, x), False)
    d_joined = torch.view(self.operand(self.product(d_middle, w_o)), [b, s, self.heads, self.head_size])
    dq, dk, dv = self.attention_back(d_joined, q, k, v, kept[10:])
    dq = self.rotate(dq, cos, sin, -1.0)
    dk = self.rotate(dk, cos, sin, -1.0)
    d_fused = torch.empty_like(fused)
    kv = self.kv_heads * self.head_size
    self.queries(d_fused).copy_(self.norm_back(torch.reshape(dq, [-1, self.hidden]), self.queries(fused), q_norm, q_factor, g_q_norm))
    self.keys(d_fused).copy_(self.norm_back(torch.reshape(dk, [-1, kv]), self.keys(fused), k_norm, k_factor, g_k_norm))
    torch.view(self.values(d_fused), [b, s, self.kv_heads, self.head_size]).copy_(dv)
    self.turned_product_into(g_qkv, d_fused, self.norm_again(rows, norm1, factor1), False)
    d_normed = self.product(d_fused, w_qkv)
    dx = torch.to(self.norm_back(d_normed, rows, norm1, factor1, g_norm1), x.dtype).add_(d_middle)
    return torch.view(dx, [b, s, self.hidden])

  # Sum of the cross entropies of the targets [N] that are not negative (float64), and the gradient of
  # scale times that sum with respect to x [B, S, D]. The logits exist for head_chunk tokens at a time;
  # their gradient is softmax minus one-hot.
  def head_backward(self: __torch__.Decoder, flat: Tensor, grads: Tensor, x: Tensor, targets: Tensor, scale_number: Tensor) -> Tuple[Tensor, Tensor]:
    torch.set_grad_enabled(False)
    scale = float(scale_number)
    weight = self.operand(self.head_of(flat))
    g_weight = self.head_of(grads)
    rows = torch.view(x, [-1, self.hidden])
    normed, factor = self.norm(rows, self.final_norm_of(flat))
    wanted = torch.to(targets, 4)
    counts = torch.to(torch.ge(wanted, 0), self.precise)
    wanted = torch.unsqueeze(torch.clamp_min(wanted, 0), 1)
    loss = torch.zeros([1], dtype=7, device=x.device)
    d_normed = torch.empty_like(normed)
    n = rows.size(0)
    at = 0
    while at < n:
      length = min(self.head_chunk, n - at)
      part = torch.narrow(normed, 0, at, length)
      index = torch.narrow(wanted, 0, at, length)
      count = torch.unsqueeze(torch.narrow(counts, 0, at, length), 1)
      logits = torch.to(self.mm(self.operand(part), torch.t(weight)), self.precise)
      surplus = torch.softmax(logits, 1)
      # log sum exp of the logits: the largest probability is exp(largest logit) over that sum.
      norms = torch.amax(logits, [1], True) - torch.log(torch.amax(surplus, [1], True))
      loss.add_(torch.sum(torch.to((norms - torch.gather(logits, 1, index)) * count, 7)))
      surplus.scatter_add_(1, index, torch.neg(torch.ones_like(count)))
      surplus = torch.to(surplus, weight.dtype)
      weights = torch.to(count * scale, weight.dtype)
      torch.narrow(d_normed, 0, at, length).copy_(self.mm(surplus, weight).mul_(weights))
      scaled = part * weights
      self.turned_product_into(g_weight, surplus, scaled, at > 0)
      at = at + length
    dx = self.norm_back(d_normed, rows, self.final_norm_of(flat), factor, self.final_norm_of(grads))
    return (loss, torch.view(torch.to(dx, x.dtype), [x.size(0), x.size(1), self.hidden]))

  def embedding_backward(self: __torch__.Decoder, grads: Tensor, tokens: Tensor, dx: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    rows = torch.to(torch.view(dx, [-1, self.hidden]), grads.dtype)
    # As the reference: looking up the padding token (-1: none) trains nothing.
    padding = torch.view(torch.eq(tokens, self.padding), [-1, 1])
    rows = torch.masked_fill(rows, padding, 0.0)
    out = self.embedding_of(grads)
    if not self.tied:
      out.zero_()
    if dx.is_cuda:
      # index_add_ on a card adds in any order; this one sorts first.
      out.add_(torch.embedding_dense_backward(rows, torch.reshape(tokens, [-1]), self.vocabulary, -1, False))
    else:
      out.index_add_(0, torch.reshape(tokens, [-1]), rows)
    return grads
