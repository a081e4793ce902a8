# The first process of a lab's host, in namespaces of its own: sh machine.sh FOLDER NAME SHARED...
# Builds the host's own view of the disk in FOLDER/root, then becomes its init, which ends with its sshd.
set -eu
folder=$1 name=$2
shift 2
root=$folder/root
mkdir -p "$root" "$folder/upper" "$folder/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
# What is this machine's own and must not be seen there: sockets, temporary files, root's settings.
for own in run tmp root dev/shm; do mount -t tmpfs -o mode=755 tmpfs "$root/$own"; done
chmod 1777 "$root/tmp" "$root/dev/shm"
for shared; do
  mkdir -p "$root$shared"
  mount --bind "$shared" "$root$shared"
  mount -o remount,bind,ro "$root$shared"
done
mkdir "$root/run/sshd" "$root/run/lab"
cp "$folder/host_key" "$folder/../key.pub" "$root/run/lab/"
chmod 600 "$root/run/lab/host_key"
# A locked password would keep root out altogether; "*" only means that no password fits.
sed -i 's/^root:[^:]*:/root:*:/' "$root/etc/shadow"
cat >"$root/run/lab/sshd_config" <<'CONFIG'
Port 22
HostKey /run/lab/host_key
AuthorizedKeysFile /run/lab/key.pub
PidFile none
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowStreamLocalForwarding yes
PrintMotd no
CONFIG
hostname "$name"
ip link set lo up
# The first process takes in whatever loses its parent there, and so has to wait for it.
exec chroot "$root" /bin/sh -c '/usr/sbin/sshd -D -e -f /run/lab/sshd_config & wait $!'
