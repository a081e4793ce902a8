<?php
/* Gives WordPress what it asks for, out of the names that Changeover hands to every program. */
define('DB_HOST', getenv('DATABASE_HOST') . ':' . getenv('DATABASE_PORT'));
define('DB_NAME', getenv('DATABASE_NAME'));
define('DB_USER', getenv('DATABASE_USER'));
define('DB_PASSWORD', getenv('DATABASE_PASSWORD'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
$table_prefix = 'wp_';

// The same on every server, or who logs in on one is a stranger on the next.
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define("{$name}_KEY", hash('sha256', "$name key " . getenv('SECRET')));
    define("{$name}_SALT", hash('sha256', "$name salt " . getenv('SECRET')));
}

// Links and redirects are made of the name that was asked for, if it is one of the site's: the public's or the testers'.
// nginx does not tell the port, so it is put back.
$names = explode(' ', getenv('SITES'));
$hosts = array_map(fn($name) => strtok($name, ':'), $names);
$asked = array_search(strtok($_SERVER['HTTP_HOST'] ?? '', ':'), $hosts, true);
$_SERVER['HTTP_HOST'] = $names[(int) $asked];
define('WP_HOME', 'http://' . $_SERVER['HTTP_HOST']);
define('WP_SITEURL', WP_HOME);
// Passwords of programs are taken over plain HTTP only by a local site. A real one has TLS and leaves this out.
define('WP_ENVIRONMENT_TYPE', 'local');

// A release never changes: it doesn't update itself, nobody installs into it, and it calls nobody.
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_AUTO_UPDATE_CORE', false);
define('DISALLOW_FILE_MODS', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('WPMU_PLUGIN_DIR', __DIR__ . '/plugins');
define('WP_DEBUG', false);

require_once ABSPATH . 'wp-settings.php';
