package org.instella.jobs.command;

import picocli.CommandLine.Command;

/**
 * A conversation with an instruction-tuned model: Instella's chat template, in which the role
 * markers are plain text and an end-of-text token opens the conversation and closes each answer.
 */
@Command(
    name = "chat",
    description = "Talks with an instruction-tuned model; every prompt or line is a turn.",
    footer = {"%nExample:", "  instella chat --model instruct --temperature 0.7"})
final class ChatCommand extends GenerateCommand {
  private static final String END = "<|endoftext|>";

  private String conversation = END;

  @Override
  String asked(String prompt) {
    conversation += "<|user|>\n" + prompt + "\n<|assistant|>\n";
    return conversation;
  }

  @Override
  String answered(String prompt, String answer) {
    conversation += answer + END + "\n";
    return answer;
  }
}
