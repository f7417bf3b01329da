# nginx's configurations, as lean as a fair comparison allows. run.sh sources this file.

# nginx_head DIR  prints the settings that upstream and proxy share
nginx_head() {
  mkdir -p "$1"
  [ "$(id -u)" != 0 ] || echo 'user root;'
  cat <<CONF
daemon off;
worker_processes 1;
pid $1/nginx.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_body_temp_path $1/body;
  proxy_temp_path $1/proxy;
  fastcgi_temp_path $1/fastcgi;
  uwsgi_temp_path $1/uwsgi;
  scgi_temp_path $1/scgi;
CONF
}

# nginx_upstream DIR PORT  prints an upstream that responds with 1 KB from memory
nginx_upstream() {
  nginx_head "$1"
  cat <<CONF
  server {
    listen 127.0.0.1:$2 backlog=4096;
    location / { default_type text/plain; return 200 "$(printf '%01024d' 0)"; }
  }
}
CONF
}

# nginx_proxy DIR HTTP_PORT HTTPS_PORT UPSTREAM_PORT [HOSTS…]  prints a proxy that sets the same headers as turnpike-proxy.
# With HOSTS it has one server for each host, over HTTP only. Without HOSTS one server takes all requests.
nginx_proxy() {
  local dir=$1 http=$2 https=$3 upstream=$4 host
  shift 4
  nginx_head "$dir"
  cat <<CONF
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  upstream backend { server 127.0.0.1:$upstream; keepalive 512; keepalive_requests 1000000000; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host \$host;
  proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto \$scheme;
  proxy_set_header X-Request-Id \$request_id;
  proxy_read_timeout 15s;
CONF
  if [ $# -eq 0 ]; then
    cat <<CONF
  server {
    listen 127.0.0.1:$http backlog=4096;
    listen 127.0.0.1:$https ssl http2 backlog=4096;
    http2_max_requests 1000000000;
    ssl_certificate $work/tls.crt;
    ssl_certificate_key $work/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / { proxy_pass http://backend; }
  }
CONF
  else
    echo "  server { listen 127.0.0.1:$http default_server backlog=4096; return 404; }"
    for host; do
      echo "  server {"
      echo "    listen 127.0.0.1:$http; server_name $host;"
      echo "    location /api/ { proxy_pass http://backend; } location = / { proxy_pass http://backend; }"
      echo "  }"
    done
  fi
  echo '}'
}
