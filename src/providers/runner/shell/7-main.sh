
case $verb in
launch | claim-environment) mkdir -p "$folder" ;;
list | held) [ -d "$folder" ] || exit 0 ;;
retire) [ -d "$folder" ] || exit 0 ;;
esac
cd "$folder" 2>/dev/null || refuse not-found

case $verb in
claim) fence "$state" ;;
clock) wall_clock ;;
exec) exec_once "$@" ;;
put-files) put_files "$@" ;;
put-tree) put_tree "$@" ;;
read-file) read_file "$@" ;;
remove) remove "$@" ;;
job-start) job_start "$@" ;;
job-run) job_run "$@" ;;
job-state) job_state "$@" ;;
job-cancel) job_cancel "$@" ;;
service-start) service_start "$@" ;;
service-stop) service_stop "$@" ;;
service-run) service_run "$@" ;;
service-state) service_state "$@" ;;
service-lines) service_lines "$@" ;;
file-lines) count_lines "$1" "$2" "$3" 0 "$4" ;;
lease-set) lease_set "$@" ;;
lease-watch) lease_watch "$@" ;;
lease-state) lease_state "$@" ;;
lease-end) lease_end "$@" ;;
launch) launch "$@" ;;
list) list_servers */server.json ;;
held) list_servers */*/server.json ;;
claim-environment) claim_environment ;;
open) open_server "$@" ;;
relabel) relabel "$@" ;;
retire) retire "$@" ;;
listeners) listeners ;;
socket-owner) socket_owner "$@" ;;
*) refuse "failed unknown verb $verb" ;;
esac
