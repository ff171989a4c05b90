# Moves of flat buffers between host and card.
class Memory(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  def copy(self: __torch__.Memory, to: Tensor, to_start: int, what: Tensor, what_start: int, length: int) -> Tensor:
    torch.narrow(to, 0, to_start, length).copy_(torch.narrow(what, 0, what_start, length))
    return to

  # Host memory that a card can read and write directly; fails where there is no card.
  def pinned(self: __torch__.Memory, length: int, type_number: int) -> Tensor:
    return torch.zeros([length], dtype=type_number, device=torch.device("cpu"), pin_memory=True)
