package org.instella.eval.loss;

import java.util.List;
import java.util.OptionalDouble;
import org.instella.eval.metric.Estimate;
import org.instella.eval.request.TextLoss;

/**
 * The loss of a model on one domain.
 *
 * @param nats negative log-probability of all documents together
 * @param tokens tokens predicted, the first of each document included
 * @param bytes UTF-8 bytes of the documents
 * @param documents loss of each document, in order, for paired tests
 */
public record DomainLoss(
    String domain, double nats, long tokens, long bytes, List<TextLoss> documents) {

  /** Sums up the documents of a domain; empty texts count for nothing. */
  public static DomainLoss of(String domain, List<TextLoss> documents) {
    double nats = 0;
    long tokens = 0;
    long bytes = 0;
    for (TextLoss document : documents) {
      nats += document.nats();
      tokens += document.tokens();
      bytes += document.bytes();
    }
    return new DomainLoss(domain, nats, tokens, bytes, List.copyOf(documents));
  }

  /** Loss in nats per token, comparable between models with one tokenizer. */
  public double perToken() {
    return nats / tokens;
  }

  public double perplexity() {
    return Math.exp(perToken());
  }

  /** Bits per UTF-8 byte, comparable between any two models. */
  public double bitsPerByte() {
    return nats / (Math.log(2) * bytes);
  }

  /**
   * Loss per token with the standard error of a ratio, documents being what was drawn: tokens of
   * one document are not independent, so counting tokens would make it far too small.
   */
  public Estimate estimate() {
    double ratio = perToken();
    int n = documents.size();
    if (n < 2) {
      return new Estimate(ratio, OptionalDouble.empty(), n);
    }
    double squares = 0;
    for (TextLoss document : documents) {
      double residual = document.nats() - ratio * document.tokens();
      squares += residual * residual;
    }
    double error = Math.sqrt(squares * n / (n - 1)) / tokens;
    return new Estimate(ratio, OptionalDouble.of(error), n);
  }

  /** Nats per token of each document. */
  public double[] perDocument() {
    return documents.stream().mapToDouble(d -> d.nats() / Math.max(1, d.tokens())).toArray();
  }
}
