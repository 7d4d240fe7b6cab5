#!/usr/bin/env bash
# Real mail servers on loopback for the tests: OpenSMTPD takes every mail and hands it to Dovecot, which has a mailbox for every
# address; the password of each is `letmein`. Needs root, Debian's dovecot-imapd, dovecot-lmtpd and opensmtpd, and openssl.
#
#   mail.sh start FOLDER    prints the variables that the tests read
#   mail.sh stop FOLDER
set -euo pipefail

command=$1 folder=$2

stop() {
  for file in "$folder"/dovecot/master.pid "$folder"/smtpd.pid; do
    if [ -s "$file" ]; then
      pid=$(cat "$file")
      kill "$pid" 2>/dev/null || true
      while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
      rm -f "$file"
    fi
  done
}

if [ "$command" = stop ]; then stop; exit; fi

mkdir -p "$folder"/{dovecot,mail,tls}
chmod 755 "$folder"
user=$(id -u dovenull) group=$(id -g dovenull)
chown "$user:$group" "$folder/mail"

# An authority, and a certificate that it signed: clients take no certificate that signed itself.
key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${key[@]}" -days 2 -subj "/CN=Authority of the tests" \
  -keyout "$folder/tls/authority.key" -out "$folder/tls/authority.pem" 2>/dev/null
openssl req "${key[@]}" -subj /CN=localhost -keyout "$folder/tls/key.pem" -out "$folder/tls/request.pem" 2>/dev/null
openssl x509 -req -in "$folder/tls/request.pem" -CA "$folder/tls/authority.pem" -CAkey "$folder/tls/authority.key" \
  -days 2 -extfile <(printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n') \
  -out "$folder/tls/certificate.pem" 2>/dev/null

cat > "$folder/dovecot.conf" <<CONF
base_dir = $folder/dovecot
state_dir = $folder/dovecot
log_path = $folder/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <$folder/tls/certificate.pem
ssl_key = <$folder/tls/key.pem
disable_plaintext_auth = no
auth_username_format = %Lu
mail_location = maildir:~/Maildir
mail_max_userip_connections = 1000
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = password=letmein
}
userdb {
  driver = static
  args = uid=$user gid=$group home=$folder/mail/%u allow_all_users=yes
}
service imap-login {
  inet_listener imap {
    port = 10143
  }
  inet_listener imaps {
    port = 10993
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = 10024
  }
}
CONF

cat > "$folder/smtpd.conf" <<CONF
queue compression
smtp max-message-size 60M
listen on 127.0.0.1 port 10025
action "mailboxes" relay host lmtp://127.0.0.1:10024
match from any for any action "mailboxes"
CONF

stop
dovecot -c "$folder/dovecot.conf"
smtpd -d -f "$folder/smtpd.conf" > "$folder/smtpd.log" 2>&1 &
echo $! > "$folder/smtpd.pid"
for port in 10143 10993 10024 10025; do
  for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
    sleep 0.1
  done
  echo "nothing listens on port $port; see $folder" >&2
  exit 1
done
echo "export EMBARGOD_TEST_MAIL=127.0.0.1:10025,127.0.0.1:10143,localhost:10993"
echo "export EMBARGOD_TEST_MAIL_CA=$folder/tls/authority.pem"
