package org.instella.jobs.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The Kubernetes API on loopback: objects are kept, changed, deleted and watched as by a real
 * server, but nothing is validated, nobody is refused, and no scheduler and no kubelet belong to it
 * ({@link Kubelet} is ours).
 *
 * <p>Two things that fabric8's mock lacks are added: server-side apply, here as create or replace,
 * and the phase {@code Pending} of a new pod.
 */
final class ApiServer implements AutoCloseable {
  private static final int OK = 200;

  /** User agent of {@link #client}: not part of what Spark asks for. */
  private static final String OURS = "node";

  /** A request as the rules of a role name it. */
  record Access(String verb, String resource) {}

  private final Set<Access> asked = ConcurrentHashMap.newKeySet();

  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(Serialization.jsonMapper()),
          new MockWebServer(),
          new HashMap<>(),
          new Dispatcher(asked),
          false);

  // It tells of every request; kept here, since the logging system lets go of loggers.
  private final Logger talk = Logger.getLogger(MockWebServer.class.getName());

  ApiServer() {
    talk.setLevel(Level.WARNING);
    server.init(InetAddress.getLoopbackAddress(), 0);
  }

  /** What {@code --master} takes. */
  String master() {
    return "k8s://http://127.0.0.1:" + server.getPort();
  }

  KubernetesClient client() {
    return server.createClient(
        builder ->
            builder.withConfig(
                new ConfigBuilder(builder.build().getConfiguration()).withUserAgent(OURS).build()));
  }

  /** Everything that submission and driver have asked for. */
  Set<Access> asked() {
    return Set.copyOf(asked);
  }

  @Override
  public void close() {
    server.destroy();
  }

  private static final class Dispatcher extends KubernetesCrudDispatcher {
    private final Set<Access> asked;

    Dispatcher(Set<Access> asked) {
      this.asked = asked;
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      // /api/v1/namespaces/default/RESOURCE[/NAME]
      String[] parts = request.getPath().split("\\?", 2)[0].split("/");
      if (!OURS.equals(request.getHeader("User-Agent")) && parts.length > 5) {
        asked.add(new Access(verb(request, parts.length > 6), parts[5]));
      }
      return super.dispatch(request);
    }

    private static String verb(RecordedRequest request, boolean named) {
      return switch (request.method()) {
        case GET -> request.getPath().contains("watch=true") ? "watch" : named ? "get" : "list";
        case POST -> "create";
        case PUT -> "update";
        case PATCH -> "patch";
        case DELETE -> named ? "delete" : "deletecollection";
        default -> request.getMethod();
      };
    }

    @Override
    public MockResponse handleCreate(RecordedRequest request) {
      String body = request.getUtf8Body(); // it can be read only once
      if (request.getPath().split("\\?", 2)[0].endsWith("/pods")) {
        Pod pod = Serialization.unmarshal(body, Pod.class);
        body =
            Serialization.asJson(
                pod.edit().editOrNewStatus().withPhase("Pending").endStatus().build());
      }
      return super.handleCreate(with(request, HttpMethod.POST, request.getPath(), body));
    }

    @Override
    public MockResponse handlePatch(RecordedRequest request) {
      String type = String.valueOf(request.getHeader("Content-Type"));
      if (!type.startsWith("application/apply-patch")) {
        return super.handlePatch(request);
      }
      String body = request.getUtf8Body();
      String path = request.getPath().split("\\?", 2)[0];
      if (handleGet(path).code() == OK) {
        return handleUpdate(with(request, HttpMethod.PUT, path, body));
      }
      String collection = path.substring(0, path.lastIndexOf('/'));
      return handleCreate(with(request, HttpMethod.POST, collection, body));
    }

    private static RecordedRequest with(
        RecordedRequest request, HttpMethod method, String path, String body) {
      return new RecordedRequest(
          request.getHttpVersion(),
          method,
          path,
          request.getHeaders(),
          new Buffer(body.getBytes(StandardCharsets.UTF_8)));
    }
  }
}
