# What both PHP programs and nginx need, found where Debian keeps them, whatever the version of PHP.
PATH=$PATH:/usr/sbin
php_fpm=$(ls /usr/sbin/php-fpm[0-9]* 2>/dev/null | tail -n 1)
