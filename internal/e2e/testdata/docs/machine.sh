# Makes this process's machine one that a page may change: what it writes below
# /etc, /home, /run, /srv, /usr/local, /var/lib and root's home ends with it. Then runs
# the page. It needs mount and process namespaces of its own.
set -e
[ "$$" = 1 ] || [ "$PPID" = 0 ] || { echo "not in namespaces of its own"; exit 1; }
parts=$HOME/machine
mkdir "$parts"
mount -t tmpfs machine "$parts"
cp -a /etc "$parts/etc"
for folder in home run root local lib srv; do mkdir "$parts/$folder"; done
mkdir "$parts/run/sshd"
chmod 755 "$parts" "$parts"/*
chmod 700 "$parts/root"
mount --bind "$parts/etc" /etc
mount --bind "$parts/home" /home
mount --bind "$parts/run" /run
mount --bind "$parts/root" ~root
mount --bind "$parts/local" /usr/local
mkdir -p /srv
mount --bind "$parts/srv" /srv
mount --bind "$parts/lib" /var/lib
mkdir -p /usr/local/bin
rm -f /etc/ssh/ssh_host_* /etc/ssh/sshd_config.d/*
ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
printf 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM no\nSubsystem sftp internal-sftp\n' > /etc/ssh/sshd_config
export PATH=/usr/local/bin:$PATH
exec bash "$1"
