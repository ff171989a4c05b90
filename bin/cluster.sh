# shellcheck shell=sh
# The cluster's half of bin/instella, which has found out home, java, conf, classpath, all_classes, application, log,
# master, command, asking and looking: gives the same arguments to spark-submit. A driver here ends as any command
# does; one in the cluster (--deploy-mode cluster) gets the recipe sent along, and its exit code comes back.

arguments=$#
set -f # the options are words; no file names among them

# --- what the user tells spark-submit ---------------------------------------------------------------------------
# Of an option that is given twice it takes the last: theirs and ours are put together here.
deploy=client; more_jars=; more_files=; theirs=; previous=
for word in ${INSTELLA_SPARK_OPTS:-}; do
  case $previous$word in
    --deploy-mode?*) deploy=${word#--deploy-mode=} ;;
    *spark.submit.deployMode=*) deploy=${word##*=} ;;
    --jars?*) more_jars=${word#--jars=} ;;
    --files?*) more_files=${word#--files=} ;;
  esac
  case $word in
    --jars | --files) previous=$word; continue ;;
    --deploy-mode) previous=$word ;;
    --jars=* | --files=*) continue ;;
    *)
      case $previous in --jars | --files) previous=; continue ;; esac
      previous=
      ;;
  esac
  theirs="$theirs $word"
done
[ -z "$asking$looking" ] || deploy=client # nothing to do there

memory=; options=
for word in ${INSTELLA_JAVA_OPTS:-}; do
  case $word in -Xmx*) memory=${word#-Xmx} ;; *) options="${options:+$options }$word" ;; esac
done
export SPARK_DRIVER_MEMORY="${SPARK_DRIVER_MEMORY:-3g}" # what Spark takes where nothing else is said

# --- our jars ---------------------------------------------------------------------------------------------------
# Pods of an image made for it (deploy/kubernetes) find them there; else they are sent along.
image=
case $deploy:$master in
  cluster:k8s:*) image=${INSTELLA_IMAGE_HOME-/opt/instella} ;;
  *:k8s:*) image=${INSTELLA_IMAGE_HOME:-} ;;
esac
primary=; jars=
old_ifs=$IFS
IFS=:
for jar in $application; do
  case $jar in
    */instella-spark-jobs-*) primary=$jar ;;
    *) jars=${jars:+$jars,}$jar ;;
  esac
done
IFS=$old_ifs
if [ -n "$image" ]; then
  primary=local://$image/app/${primary##*/}
  jars=
fi
jars=$jars${more_jars:+${jars:+,}$more_jars}

# shellcheck disable=SC2086
set -- $theirs --deploy-mode "$deploy" ${jars:+--jars "$jars"} ${more_files:+--files "$more_files"} "$primary" "$@"
if [ -n "$image" ]; then
  set -- --conf "spark.driver.extraClassPath=$image/app/*" --conf "spark.executor.extraClassPath=$image/app/*" \
    --conf "spark.driver.defaultJavaOptions=-Dinstella.home=$image -Dlog4j2.configurationFile=$image/conf/log4j2.xml" "$@"
fi

# --- a driver in the cluster ------------------------------------------------------------------------------------
# It does not see this machine's files: the recipe is read and checked here and travels along, with the properties
# that must be known before the driver starts (org.instella.jobs.command.ShippedRecipe).
if [ "$deploy" = cluster ]; then
  case $command in
    demo | pipeline | train-tokenizer | tokenize | init | train | merge | evaluate) ;;
    *) fail 2 "$command has nothing to do in a cluster: leave --deploy-mode cluster out" ;;
  esac
  skip=$(($# - arguments)) # what stands before our own arguments
  properties=$(
    shift "$skip"
    "$java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx1g @"$conf/jvm.options" \
      -Dlog4j2.configurationFile="$conf/log4j2.xml" -Dinstella.log="$log" -Dinstella.home="$home" \
      -cp "$all_classes" org.instella.jobs.command.Instella "$@" --ship
  ) || exit $?
  while IFS= read -r property; do
    set -- --conf "$property" "$@"
  done <<END
$properties
END
  [ -z "$options" ] || set -- --driver-java-options "$options" "$@"
  options=
fi
set -- --master "$master" --class org.instella.jobs.command.Instella --name "instella-${command:-help}" \
  ${memory:+--driver-memory "$memory"} "$@"

# --- which spark-submit -----------------------------------------------------------------------------------------
if [ -n "${SPARK_HOME:-}" ]; then
  [ -x "$SPARK_HOME/bin/spark-submit" ] || fail 4 "SPARK_HOME=$SPARK_HOME has no bin/spark-submit"
fi
case ${SPARK_HOME:+with}:$master in
  :yarn*) fail 4 "--master yarn needs the cluster's own Spark: set SPARK_HOME (Spark's YARN module is not in the build)" ;;
  with:yarn*)
    set +f
    ls "$SPARK_HOME"/jars/spark-yarn_*.jar >/dev/null 2>&1 ||
      fail 4 "--master yarn needs a Spark with its YARN module: SPARK_HOME=$SPARK_HOME has no jars/spark-yarn_*.jar"
    set -f
    ;;
esac

submit() {
  # A driver's pod is submitted by our Spark, whose log tells how it ended; $SPARK_HOME/conf is read all the same.
  if [ -n "${SPARK_HOME:-}" ] && [ "$deploy:${master%%:*}" != cluster:k8s ]; then
    export SPARK_SUBMIT_OPTS="\"@$conf/jvm.options\" \"-Dlog4j2.configurationFile=$conf/log4j2.xml\" \"-Dinstella.log=$log\" \"-Dinstella.home=$home\" $options ${SPARK_SUBMIT_OPTS:-}"
    exec "$SPARK_HOME/bin/spark-submit" "$@"
  fi
  # Client mode only reads its own class path; executors bring theirs.
  # shellcheck disable=SC2086
  exec "$java" -XX:+UseParallelGC "-Xmx${memory:-3g}" @"$conf/jvm.options" -Dlog4j2.configurationFile="$conf/log4j2.xml" \
    -Dinstella.log="$log" -Dinstella.home="$home" $options -cp "$all_classes" org.apache.spark.deploy.SparkSubmit "$@"
}

# YARN knows only success and failure. What the driver ended with stands in the application's diagnostics, which
# spark-submit writes to the log. It only watches: the application goes on without it.
watch_application() {
  (submit "$@") &
  submitting=$!
  trap 'kill "$submitting" 2>/dev/null' INT TERM HUP
  wait "$submitting"; code=$?
  while kill -0 "$submitting" 2>/dev/null; do wait "$submitting"; code=$?; done
  [ "$code" -ne 0 ] || exit 0
  id=$(sed -n 's/.*\(application_[0-9]*_[0-9]*\).*/\1/p' "$log" 2>/dev/null | tail -n 1)
  [ -n "$id" ] || exit 4 # refused before there was one, which has been said
  ended=$(sed -n 's/.*exit code \([0-9][0-9]*\): \(instella: \)*/\1 /p' "$log" 2>/dev/null | tail -n 1)
  [ -z "$ended" ] || fail "${ended%% *}" "${ended#* } (all of it: yarn logs -applicationId $id)"
  [ "$code" -le 128 ] || fail 4 "no longer watching; $id goes on"
  fail 4 "$id failed or was killed; the same command goes on (yarn logs -applicationId $id tells why)"
}

# Spark waits for the driver's pod but does not end with its exit code.
watch_pod() {
  pod=instella-$command-$(date +%Y%m%d-%H%M%S)-$$
  printf 'instella: the driver is pod %s: kubectl logs -f %s shows what it says, kubectl delete pod %s stops it\n' \
    "$pod" "$pod" "$pod" >&2
  (submit --conf "spark.kubernetes.driver.pod.name=$pod" "$@") ||
    fail 4 "the driver could not be given to $master; all of it is in $log"
  code=$(awk '/Container final statuses/ { code = ""; driver = 0 }
    /container name: / { driver = $NF == "spark-kubernetes-driver" }
    /exit code: / && (driver || code == "") { code = $NF }
    END { print code }' "$log" 2>/dev/null)
  case $code in
    0 | 2 | 3 | 4 | 5 | 70) exit "$code" ;;
    '') exit 0 ;; # it was not waited for
    *) fail 4 "the driver's pod $pod ended with exit code $code" ;;
  esac
}

case $deploy:$master in
  cluster:yarn*) watch_application "$@" ;;
  cluster:k8s:*) watch_pod "$@" ;;
  *) submit "$@" ;;
esac
