package org.instella.model.torch;

import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import org.instella.conf.error.BugException;
import org.instella.conf.error.EnvironmentException;

/**
 * The one function of libtorch's stable C interface that is needed beside DJL: DJL has no call for
 * the address of a tensor on a card, and collectives between cards take nothing else.
 *
 * @see <a href="https://docs.pytorch.org/docs/stable/torch.compiler_aot_inductor.html">AOTInductor,
 *     whose shim this belongs to</a>
 */
final class TorchAbi {
  private TorchAbi() {}

  /** Functions of {@code libtorch_cpu.so}; names are those of C. */
  interface Shim extends Library {
    @SuppressWarnings("checkstyle:MethodName")
    int aoti_torch_get_data_ptr(Pointer tensor, PointerByReference result);
  }

  private static final class Loaded {
    static final Shim SHIM = load();

    private static Shim load() {
      TorchEngine.start();
      String library = LibUtils.getLibtorchPath() + "/libtorch_cpu.so";
      try {
        return Native.load(library, Shim.class);
      } catch (UnsatisfiedLinkError e) {
        throw new EnvironmentException(
            TorchError.ENGINE_MISSING,
            "%s cannot be opened for its C functions: %s; the library folder of libtorch must hold it"
                .formatted(library, e.getMessage()),
            e);
      }
    }
  }

  /**
   * Address of the first element, on the tensor's device.
   *
   * @param handle of DJL: a pointer to the C++ tensor, which is what the shim calls a handle
   */
  static long address(long handle) {
    PointerByReference result = new PointerByReference();
    int status = Loaded.SHIM.aoti_torch_get_data_ptr(new Pointer(handle), result);
    if (status != 0) {
      throw new BugException(
          TorchError.CALL_FAILED, "libtorch gives no address of a tensor, status " + status);
    }
    return Pointer.nativeValue(result.getValue());
  }
}
