# What a run measures about itself, beside its steps.
class Gauges(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  one_dnn : bool

  # Root of the sum of squares of each range [bounds[2i], bounds[2i + 1]), added in float64.
  def norms(self: __torch__.Gauges, flat: Tensor, bounds: List[int]) -> Tensor:
    found: List[Tensor] = []
    i = 0
    while i < len(bounds):
      x = torch.narrow(flat, 0, bounds[i], bounds[i + 1] - bounds[i])
      found.append(torch.linalg_vector_norm(x, 2, None, False, dtype=7))
      i = i + 2
    return torch.stack(found)

  def bfloat16(self: __torch__.Gauges, x: Tensor) -> Tensor:
    return torch.to(x, 15)

  # a b, of float32 by the library that the decoder multiplies with.
  def product(self: __torch__.Gauges, a: Tensor, b: Tensor) -> Tensor:
    if self.one_dnn and a.dtype == 6:
      no_scalars: List[Optional[number]] = []
      return ops.mkldnn._linear_pointwise(a, torch.t(b), None, "none", no_scalars, "")
    return torch.mm(a, b)

  # The same product `times` times; its sum makes the caller wait for the last one.
  def products(self: __torch__.Gauges, a: Tensor, b: Tensor, times: int) -> Tensor:
    c = self.product(a, b)
    i = 1
    while i < times:
      c = self.product(a, b)
      i = i + 1
    return torch.sum(torch.to(c, 6))
