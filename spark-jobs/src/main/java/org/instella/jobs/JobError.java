package org.instella.jobs;

import org.instella.conf.error.ErrorCode;

/** Failures of the jobs themselves; those of the work inside them have the codes of their rooms. */
public enum JobError implements ErrorCode {
  /** A barrier stage wants more ranks than the cluster has slots. */
  MORE_RANKS_THAN_SLOTS,
  /** A barrier stage failed more often than its restarts allow. */
  STAGE_FAILED,
  /** Spark ended the application while a stage ran. */
  APPLICATION_ENDED,
  /** Spark itself could not start or failed. */
  SPARK_FAILED,
  /** A rank threw something that is no failure of ours. */
  UNEXPECTED_FAILURE,
  /** An option or argument of the command line is wrong. */
  BAD_COMMAND_LINE,
  /** A setting of a job is wrong. */
  BAD_SETTING,
  /** A pipeline names a step that it does not have. */
  UNKNOWN_STEP,
  /** The steps of a pipeline wait for each other in a circle. */
  STEP_CYCLE,
  /** One or more steps of a pipeline failed. */
  STEP_FAILED,
  /** More rejected lines than the quarantine allows. */
  TOO_MANY_REJECTED,
  /** An input of a job is missing or is not what the job needs. */
  BAD_INPUT,
  /** Asked to stop. */
  STOPPED
}
