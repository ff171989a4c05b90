package org.instella.jobs.progress;

import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * The two ends of the channel; see {@link ProgressChannel} for the executor's and the driver's use.
 */
public final class ProgressPlugin implements SparkPlugin {

  /** Something that happened on an executor. */
  record Event(String topic, Serializable content) implements Serializable {}

  /** The question of an executor; the answer is a boolean. */
  record StopQuestion() implements Serializable {}

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
        return message instanceof StopQuestion ? StopSignal.requested() : null;
      }
    };
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext plugin, Map<String, String> extraConf) {
        ProgressChannel.connect(new Driver(plugin));
      }
    };
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
