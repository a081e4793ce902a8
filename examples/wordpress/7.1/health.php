<?php
/* Says 200 when PHP runs and the database answers a question; loads no more of WordPress than that takes. */
define('SHORTINIT', true);
require __DIR__ . '/wordpress/wp-load.php';
$schema = $wpdb->get_var("SELECT option_value FROM $wpdb->options WHERE option_name = 'db_version'");
http_response_code($schema === null ? 503 : 200);
header('content-type: text/plain');
echo $schema === null ? "no answer from the database\n" : "ok\n";
