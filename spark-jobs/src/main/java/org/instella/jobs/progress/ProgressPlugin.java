package org.instella.jobs.progress;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.HadoopSettings;
import org.instella.model.torch.TorchDevice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * The two ends of the channel; see {@link ProgressChannel} for the executor's and the driver's use.
 */
public final class ProgressPlugin implements SparkPlugin {
  /**
   * Spark property: whether an executor loads libtorch as soon as it starts, beside its first talks
   * with the driver, and not when its first task needs it.
   */
  public static final String PRELOAD = "spark.instella.preload";

  private static final Logger log = LoggerFactory.getLogger(ProgressPlugin.class);

  /** Something that happened on an executor. */
  record Event(String topic, Serializable content) implements Serializable {}

  /** The question of an executor; the answer is a boolean. */
  record StopQuestion() implements Serializable {}

  /** A question of an executor for whoever answers for the topic. */
  record Question(String topic, Serializable content) implements Serializable {}

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      @Override
      public Map<String, String> init(SparkContext context, PluginContext plugin) {
        return Map.of();
      }

      @Override
      public void registerMetrics(String application, PluginContext plugin) {
        RunMetrics.attach(plugin.metricRegistry());
      }

      @Override
      public Object receive(Object message) {
        if (message instanceof Event event) {
          ProgressChannel.deliver(event.topic(), event.content());
          return null;
        }
        if (message instanceof Question question) {
          return Reply.of(() -> ProgressChannel.answer(question.topic(), question.content()));
        }
        return message instanceof StopQuestion ? StopSignal.requested() : null;
      }
    };
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext plugin, Map<String, String> extraConf) {
        Driver driver = new Driver(plugin);
        // Spark looks for the driver's end at the first question and keeps what it finds. A task
        // that is killed while it asks that one would leave this executor without a driver.
        driver.stopRequested();
        ProgressChannel.connect(driver);
        HadoopSettings.addFromSpark(all(plugin.conf()));
        boolean process = !plugin.executorID().equals("driver");
        if (process && plugin.conf().getBoolean(PRELOAD, false)) {
          Thread loader = new Thread(ProgressPlugin::preload, "instella-preload");
          loader.setDaemon(true);
          loader.start();
        }
      }
    };
  }

  private static Map<String, String> all(SparkConf conf) {
    Map<String, String> all = new HashMap<>();
    for (Tuple2<String, String> property : conf.getAll()) {
      all.put(property._1(), property._2());
    }
    return all;
  }

  private static void preload() {
    try {
      TorchDevice.cpu(1).require();
    } catch (EnvironmentException e) {
      // The task that needs it meets the same error and reports it.
      log.debug("libtorch not loaded ahead", e);
    }
  }

  /** The driver as an executor sees it. */
  record Driver(PluginContext plugin) {
    void send(String topic, Serializable content) {
      try {
        plugin.send(new Event(topic, content));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    Serializable ask(String topic, Serializable content) throws Exception {
      return Reply.content((byte[]) plugin.ask(new Question(topic, content)));
    }

    boolean stopRequested() {
      try {
        return Boolean.TRUE.equals(plugin.ask(new StopQuestion()));
      } catch (Exception e) {
        // A driver that cannot be asked is about to end this executor anyway.
        return false;
      }
    }
  }
}
