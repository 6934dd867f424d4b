/**
 * Words of other tools for what a job file says: of dlt, Airbyte, Sling, curl, Postman and client libraries. A word in,
 * the field of trawl to use out, or that trawl does not have the feature yet. Data and a look-up only.
 *
 * @module
 */

const concepts: readonly (readonly [words: string, hint: string])[] = [
  [
    "method http_method verb",
    "every request is a GET, as other methods are not there yet",
  ],
  [
    "body data json form payload post_data request_body request_body_data request_body_json body_json graphql",
    "a request has no body yet: only GET requests are sent",
  ],
  [
    "params param query query_params query_parameters query_string querystring request_parameters parameters " +
    "url_params path_params",
    'write the query into request.url, such as url = "https://host/items/{key}?limit=10"',
  ],
  [
    "header http_headers request_headers default_headers extra_headers",
    'use request.headers, such as headers = { accept = "application/json" }',
  ],
  [
    "auth authentication authenticator authorization authorizer credentials credential token access_token api_token " +
    "bearer bearer_token api_key apikey username user password oauth oauth2 login",
    'write the credential into a header, request.headers = { authorization = "Bearer {secret.API_TOKEN}" }, or into ' +
    "request.url; other kinds of authentication are not there yet",
  ],
  [
    "cookie cookies cookie_jar session",
    'send a cookie as a header, request.headers = { cookie = "name={secret.COOKIE}" }',
  ],
  [
    "user_agent useragent referer",
    'send it as a header, such as request.headers = { user-agent = "name (mail@example.org)" }',
  ],
  [
    "pagination paginator pages page page_size per_page page_param next next_page next_url next_link next_token " +
    "has_more offset offset_param cursor cursor_param cursor_path link_header",
    'pages are not followed yet: [paging] style = "none" takes the first page only',
  ],
  [
    "incremental cursor_field incremental_sync replication_key replication_method update_key sync_mode start_date " +
    "start_value initial_value since last_value bookmark state checkpoint",
    "a request cannot depend on earlier answers yet: [window] asks for one time span a run, as {window.start} and " +
    "{window.end}",
  ],
  [
    "end_date date_range time_range period interval partition partitions slice step datetime",
    "use [window] with every, the length of the time span of a run",
  ],
  [
    "endpoint endpoints base_url url_base uri host hostname url_path resource resources resource_defaults client " +
    "requester source stream streams api",
    "use request.url, the whole URL with {key}; a job file asks one URL",
  ],
  [
    "records_path record_path records records_selector record_selector data_selector data_path data_field field_path " +
    "extractor selector json_path jsonpath jmespath jq root response_path results_key items_path explode",
    'use rows.path, a JSON path (RFC 9535) such as "$.items[*]"',
  ],
  [
    "fields schema select mapping mappings transform transformations processors output_fields",
    'use rows.columns, such as [rows.columns] id = { path = "$.id", type = "integer" }',
  ],
  [
    "table_name target target_table object resource_name",
    "use rows.table, the name of the table",
  ],
  [
    "primary_key primary_keys merge_key unique_key write_disposition upsert deduplicate dedupe mode",
    "each run adds its rows beside their key; updating rows by columns of their own is not there yet",
  ],
  [
    "ids id_list items_list input inputs list parent substream partition_router for_each iterate",
    'use [keys], one of file, range, or url with path, such as file = "keys.txt"',
  ],
  [
    "concurrency concurrency_level concurrent threads thread_count workers num_workers max_workers parallel " +
    "parallelism parallel_max max_concurrency max_concurrent max_connections connections max_in_flight pool_size",
    "use limits.in_flight, the most requests in flight",
  ],
  [
    "rate_limit rate_limits ratelimit rate_limiter throttle throttling rps qps requests_per_second " +
    "requests_per_minute calls_per_second max_rate api_budget quota delay sleep min_interval",
    'use limits.rate, such as rate = "50/s" or rate = ["10/s", "1000/h"]',
  ],
  [
    "retries max_retries retry_count retry_max num_retries max_attempts max_tries retry_limit",
    "use retry.attempts, the most attempts on a key, the first included",
  ],
  [
    "backoff backoff_factor backoff_strategy retry_delay retry_wait retry_interval retry_backoff retry_after",
    "the pause between attempts cannot be set: it grows exponentially with jitter, and Retry-After is obeyed; see " +
    "retry.attempts",
  ],
  [
    "timeout timeouts connect_timeout read_timeout request_timeout response_timeout max_time timeout_seconds deadline",
    'use request.timeout, such as timeout = { connect = "10s", first_byte = "1m", total = "30m" }',
  ],
  [
    "follow_redirects allow_redirects redirects max_redirects max_redirs location",
    "redirects within the job's own host are followed; use request.redirect_hosts for others",
  ],
  [
    "proxy proxies http_proxy https_proxy socks",
    "a job file has no proxy setting yet",
  ],
  [
    "verify verify_ssl ssl_verify insecure tls ssl ca ca_cert cacert cert certificate client_cert",
    "certificates are always checked, and a job file has no setting for its own ones yet",
  ],
  [
    "error_handler response_filters response_actions success_codes status_codes expected_status ignore_status " +
    "error_path fail_on validate assert rules",
    'use accept.fail_if for answers with status 200, such as fail_if = [{ path = "$.error", exists = true }]; other ' +
    "statuses cannot be accepted yet",
  ],
  [
    "filter record_filter where condition",
    'filter with rows.path, such as path = "$.items[?@.size > 10]"',
  ],
  [
    "output destination dest database db dsn sink file_name connection",
    "use --db FILE; without it the database is NAME.db",
  ],
  [
    "schedule cron timer trigger frequency",
    "a timer starts trawl: trawl init JOB --systemd writes one",
  ],
  [
    "vars variables var env environment config definitions spec defaults",
    "use [set] for placeholders of your own, {env.NAME} for the environment and {secret.NAME} for credentials",
  ],
  ["retention ttl expire expiry expires max_age", 'use keep, such as keep = "90d"'],
  ["timezone time_zone tz zone", "windows are in UTC; other time zones are not there yet"],
  ["chunk_size batch_size batch_keys", "use limits.batch, the keys of one Worker"],
];

const hints: ReadonlyMap<string, string> = new Map(
  concepts.flatMap(([words, hint]) => words.split(" ").map((word) => [word, hint] as const)),
);

/** What to use for another tool's word, as a clause; undefined for a word that none of them has. */
export function hintFor(word: string): string | undefined {
  const plain = word.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toLowerCase().replaceAll("-", "_");
  return hints.get(plain);
}
