package org.instella.model.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.instella.conf.error.BugException;
import org.instella.conf.error.EnvironmentException;

/**
 * A TorchScript program: a text resource, compiled when it is loaded, whose methods are called with
 * tensors and numbers. The one class that knows how DJL and libtorch want to be called.
 *
 * <p>Methods return a tensor, a list or a tuple of tensors. Two ways to call one:
 *
 * <ul>
 *   <li>{@link #call} runs in inference mode: fastest, but tensors it makes may not enter autograd
 *       later.
 *   <li>{@link #callWithAutograd} lets the program switch on gradients with {@code
 *       torch.set_grad_enabled(True)}; DJL passes only tensors that way, so numbers arrive in the
 *       program as tensors without dimensions ({@code int(layer)}).
 * </ul>
 *
 * <p>Traps of program texts, each with a test in {@code TorchProgramTest}: an in-place operator on
 * a list <em>made inside</em> the program is removed in silence; tensors of {@link #call} refuse
 * autograd; numbers of threads change sums.
 *
 * <p>A program has no mutable state, so threads may share it; its arguments they may not.
 */
public final class TorchProgram implements AutoCloseable {
  private static final Pattern CLASS = Pattern.compile("(?m)^class (\\w+)\\(Module\\):");

  private final String resource;
  private final TorchDevice device;
  private final PtNDManager manager;
  private final PtSymbolBlock block;

  private TorchProgram(
      String resource, TorchDevice device, PtNDManager manager, PtSymbolBlock block) {
    this.resource = resource;
    this.device = device;
    this.manager = manager;
    this.block = block;
  }

  /**
   * Compiles a program.
   *
   * @param resource text beside this class, for example {@code decoder.py}
   * @param attributes values of the fields that the text's class declares, without {@code training}
   * @throws EnvironmentException if libtorch or the device is missing
   * @throws BugException if the text is missing or does not compile
   */
  public static TorchProgram load(
      String resource, Map<String, Object> attributes, TorchDevice device) {
    return load(List.of(resource), attributes, device);
  }

  /** Compiles a program whose class goes on, indented, from one text to the next. */
  public static TorchProgram load(
      List<String> resources, Map<String, Object> attributes, TorchDevice device) {
    String text = resources.stream().map(TorchProgram::text).collect(Collectors.joining("\n"));
    return compile(resources.get(0), text, attributes, device);
  }

  /** Compiles a program given as text; {@code name} is only for messages. */
  static TorchProgram compile(
      String name, String text, Map<String, Object> attributes, TorchDevice device) {
    device.require();
    TorchEngine.pin(device.threads());
    Matcher module = CLASS.matcher(text);
    if (!module.find()) {
      throw new BugException(
          TorchError.PROGRAM_BROKEN, "Program %s declares no class X(Module)".formatted(name));
    }
    byte[] archive = ProgramArchive.write(module.group(1), text, attributes);
    PtNDManager manager = (PtNDManager) TorchEngine.start().newBaseManager(device.djl());
    try {
      PtSymbolBlock block =
          JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false);
      return new TorchProgram(name, device, manager, block);
    } catch (EngineException | IOException e) {
      manager.close();
      throw new BugException(
          TorchError.PROGRAM_BROKEN,
          "Program %s does not compile: %s".formatted(name, e.getMessage()),
          e);
    }
  }

  public TorchDevice device() {
    return device;
  }

  /**
   * Runs a method in inference mode.
   *
   * @param results owner of the returned tensors
   * @param arguments each a {@link Tensor}, a {@code List<Tensor>}, {@code long[]}, Integer, Long,
   *     Double or Boolean
   * @throws EnvironmentException if memory ran out
   * @throws BugException for any other error of the program
   */
  public List<Tensor> call(String method, TensorScope results, Object... arguments) {
    TorchEngine.pin(device.threads());
    List<IValue> values = new ArrayList<>(arguments.length);
    try {
      for (Object argument : arguments) {
        values.add(value(argument));
      }
      try (IValue result = IValueUtils.runMethod(block, method, values.toArray(new IValue[0]))) {
        return wrap(result.toNDList((PtNDManager) results.manager()));
      }
    } catch (EngineException | IllegalStateException e) {
      throw failure(method, e);
    } finally {
      values.forEach(IValue::close);
    }
  }

  /**
   * Runs a method that may use autograd.
   *
   * @param results owner of the returned tensors
   * @param arguments each a {@link Tensor}, a {@code List<Tensor>} that is not empty, or an
   *     Integer, Long or Double, which the program sees as a tensor without dimensions (int64,
   *     float64); each tensor at one place only, because DJL keeps the place on the tensor
   * @throws EnvironmentException if memory ran out
   * @throws BugException for any other error of the program
   */
  public List<Tensor> callWithAutograd(String method, TensorScope results, Object... arguments) {
    TorchEngine.pin(device.threads());
    try (TensorScope scratch = results.child()) {
      NDList inputs = new NDList();
      // DJL returns results on the manager of the first input and finds the method by a name.
      NDArray selector = results.manager().create(0);
      selector.setName("module_method:" + method);
      inputs.add(selector);
      try {
        for (int i = 0; i < arguments.length; i++) {
          add(inputs, arguments[i], "a" + i + "[]", scratch);
        }
        requireOnePlaceEach(inputs);
        return wrap(IValueUtils.forward(block, inputs, true));
      } finally {
        selector.close();
        inputs.forEach(input -> input.setName(null));
      }
    } catch (EngineException | IllegalStateException e) {
      throw failure(method, e);
    }
  }

  private static void add(NDList inputs, Object argument, String listName, TensorScope scratch) {
    if (argument instanceof Tensor tensor) {
      tensor.array().setName(null);
      inputs.add(tensor.array());
    } else if (argument instanceof List<?> list && !list.isEmpty()) {
      for (Object element : list) {
        PtNDArray array = ((Tensor) element).array();
        array.setName(listName);
        inputs.add(array);
      }
    } else if (argument instanceof Integer || argument instanceof Long) {
      inputs.add(scratch.manager().create(((Number) argument).longValue()));
    } else if (argument instanceof Double number) {
      inputs.add(scratch.manager().create(number.doubleValue()));
    } else {
      throw unsupported(argument);
    }
  }

  private static void requireOnePlaceEach(NDList inputs) {
    Set<NDArray> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (NDArray input : inputs) {
      if (!seen.add(input)) {
        throw new IllegalArgumentException("a tensor is two arguments of one call with autograd");
      }
    }
  }

  private static IValue value(Object argument) {
    if (argument instanceof Tensor tensor) {
      return IValue.from(tensor.array());
    } else if (argument instanceof List<?> list) {
      return IValue.listFrom(
          list.stream().map(tensor -> ((Tensor) tensor).array()).toArray(PtNDArray[]::new));
    } else if (argument instanceof long[] numbers) {
      return IValue.listFrom(numbers);
    } else if (argument instanceof Integer || argument instanceof Long) {
      return IValue.from(((Number) argument).longValue());
    } else if (argument instanceof Double number) {
      return IValue.from(number.doubleValue());
    } else if (argument instanceof Boolean flag) {
      return IValue.from(flag.booleanValue());
    }
    throw unsupported(argument);
  }

  private static IllegalArgumentException unsupported(Object argument) {
    return new IllegalArgumentException("a program does not take " + argument);
  }

  private static List<Tensor> wrap(NDList arrays) {
    return arrays.stream().map(Tensor::new).toList();
  }

  private RuntimeException failure(String method, RuntimeException cause) {
    String message = String.valueOf(cause.getMessage());
    String where = "Program %s, method %s, on %s".formatted(resource, method, device);
    String lower = message.toLowerCase(Locale.ROOT);
    if (lower.contains("out of memory") || lower.contains("can't allocate memory")) {
      return new EnvironmentException(
          TorchError.OUT_OF_MEMORY,
          "%s: not enough memory; use a smaller micro-batch or activation recomputation: %s"
              .formatted(where, message),
          cause);
    }
    return new BugException(TorchError.CALL_FAILED, where + ": " + message, cause);
  }

  private static String text(String resource) {
    try (InputStream in = TorchProgram.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new BugException(
            TorchError.PROGRAM_BROKEN,
            "There is no program %s beside TorchProgram".formatted(resource));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("reading program " + resource, e);
    }
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }
}
