# Kernels of the optimiser on flat buffers.
#
# All ranges are cut at absolute multiples of `block` elements, so that a result does not depend on
# how a buffer is sliced among ranks or calls.
class Optimizer(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  block : int
  chunk : int

  # One step of AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) on elements [start, end):
  # decoupled decay, bias correction by `step` (counted from 1), the gradient times `scale`.
  #
  # The moments are those of elements from moment_start on: a rank keeps only those of its slice.
  #
  # The lists p, g, m, v hold one tensor each, any. They are list *arguments* that are refilled
  # here, because an in-place operator on a list made inside a program is removed as dead code.
  def adamw(self: __torch__.Optimizer, flat_p: Tensor, flat_g: Tensor, flat_m: Tensor, flat_v: Tensor, p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], start: int, end: int, moment_start: int, lr: float, beta1: float, beta2: float, eps: float, decay: float, scale: float) -> Tensor:
    at = start
    while at < end:
      stop = min(end, at - at % self.block + self.block)
      p[0] = torch.narrow(flat_p, 0, at, stop - at)
      g[0] = torch.narrow(flat_g, 0, at, stop - at)
      m[0] = torch.narrow(flat_m, 0, at - moment_start, stop - at)
      v[0] = torch.narrow(flat_v, 0, at - moment_start, stop - at)
      if scale != 1.0:
        g[0] = torch.mul(g[0], scale)
      torch._fused_adamw_(p, g, m, v, [], steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
      at = stop
    return flat_p

  # Sum of squares of each chunk of [start, end), float64; both ends are multiples of the chunk.
  def squared_norms(self: __torch__.Optimizer, flat: Tensor, start: int, end: int) -> Tensor:
    sums: List[Tensor] = []
    at = start
    while at < end:
      stop = min(end, at - at % self.block + self.block)
      x = torch.to(torch.narrow(flat, 0, at, stop - at), 7)
      sums.append(torch.sum(torch.view(x * x, [-1, self.chunk]), [-1]))
      at = stop
    return torch.cat(sums)

  def add_into(self: __torch__.Optimizer, to: Tensor, to_start: int, what: Tensor, what_start: int, length: int) -> Tensor:
    torch.narrow(to, 0, to_start, length).add_(torch.narrow(what, 0, what_start, length))
    return to

  def copy_into(self: __torch__.Optimizer, to: Tensor, to_start: int, what: Tensor, what_start: int, length: int) -> Tensor:
    torch.narrow(to, 0, to_start, length).copy_(torch.narrow(what, 0, what_start, length))
    return to

  def scale(self: __torch__.Optimizer, flat: Tensor, start: int, end: int, factor: float) -> Tensor:
    torch.narrow(flat, 0, start, end - start).mul_(factor)
    return flat
