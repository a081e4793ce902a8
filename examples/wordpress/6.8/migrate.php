<?php
/* Installs the site on an empty database, or upgrades the one that is there; exit 0 only when nothing is left to do. */
$done = false;
// WordPress ends with exit code 0 also when it dies of an error.
register_shutdown_function(function () use (&$done) {
    if (!$done) exit(1);
});
define('WP_INSTALLING', true);
require __DIR__ . '/wordpress/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

if (is_blog_installed()) {
    // WordPress' own upgrade would only write the older number over the newer one.
    $found = (int) get_option('db_version');
    if ($found > $wp_db_version) fail("the schema is at $found, which is newer than WordPress $wp_version");
    if (getenv('REHEARSE_FAILURE')) stop_half_way();
    wp_upgrade();
} else {
    install();
}

wp_cache_flush();
$at = (int) get_option('db_version');
if ($at !== $wp_db_version) fail("the schema is at $at and not at $wp_db_version");
$left = dbDelta('all', false);
if ($left) fail('the schema still differs: ' . implode('; ', $left));
echo "WordPress $wp_version: schema $at\n";
$done = true;

function install(): void
{
    $made = wp_install('Blog', 'admin', 'admin@example.com', true, '', getenv('ADMIN_PASSWORD'));
    update_user_meta($made['user_id'], WP_Application_Passwords::USERMETA_KEY_APPLICATION_PASSWORDS, [[
        'uuid' => wp_generate_uuid4(),
        'app_id' => '',
        'name' => 'Programs',
        'password' => WP_Application_Passwords::hash_password(getenv('APPLICATION_PASSWORD')),
        'created' => time(),
        'last_used' => null,
        'last_ip' => null,
    ]]);
    update_site_option(WP_Application_Passwords::OPTION_KEY_IN_USE, true);
}

/** For rehearsals: tables and indexes are the new release's by then, what is in them is not. */
function stop_half_way(): void
{
    pre_schema_upgrade();
    make_db_current_silent();
    fail('asked to fail (REHEARSE_FAILURE=' . getenv('REHEARSE_FAILURE') . ')');
}

function fail(string $why): never
{
    fwrite(STDERR, "$why\n");
    exit(1);
}
