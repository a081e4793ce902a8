<?php
/* The site's own rules: a post's key is unique, a post can be deleted by its key, and nothing is sent to anybody. */
add_filter('pre_wp_mail', '__return_true');
add_filter('pre_http_request', fn() => new WP_Error('blocked', 'this site calls nobody'));

/** WordPress would store a post that is sent twice twice, the second one under another name. */
add_filter('rest_pre_insert_post', function ($post) {
    if (empty($post->ID) && !empty($post->post_name) && site_posts($post->post_name)) {
        return new WP_Error('key_taken', 'There is a post with this key.', ['status' => 409]);
    }
    return $post;
});

add_action('rest_api_init', function () {
    register_rest_route('site/v1', '/posts/(?P<key>[a-z0-9-]+)', [
        'methods' => 'DELETE',
        'permission_callback' => fn() => current_user_can('delete_others_posts'),
        'callback' => fn($asked) => ['deleted' => array_sum(array_map('site_delete', site_posts($asked['key'])))],
    ]);
});

function site_posts(string $key): array
{
    global $wpdb;
    return $wpdb->get_col($wpdb->prepare("SELECT ID FROM $wpdb->posts WHERE post_type = 'post' AND post_name = %s", $key));
}

/** As a client would: DELETE /wp/v2/posts/ID?force=true. */
function site_delete(string $id): int
{
    $delete = new WP_REST_Request('DELETE', "/wp/v2/posts/$id");
    $delete->set_param('force', true);
    return rest_do_request($delete)->get_status() === 200 ? 1 : 0;
}
