<?php
// PHP's own sessions, in Redis by the extension phpredis.
//
//   REDIS_URL=redis://127.0.0.1:6379 php -S 127.0.0.1:3000 php_session.php

ini_set('session.save_handler', 'redis');
ini_set('session.save_path', str_replace('redis:', 'tcp:', getenv('REDIS_URL')));
ini_set('session.serialize_handler', getenv('SESSION_FORMAT') ?: 'php');

const USERS = ['ada' => ['user', 'admin'], 'bob' => ['user']];

function answer(int $status, ?array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo $body === null ? '' : json_encode($body);
}

function login(): void
{
    $name = $_POST['user'] ?? '';
    if (!isset(USERS[$name])) {
        answer(401, ['error' => 'unknown user']);
        return;
    }
    session_regenerate_id(true);
    $_SESSION['user'] = ['id' => $name, 'roles' => USERS[$name]];
    answer(200, ['user' => $name]);
}

function logout(): void
{
    session_destroy();
    setcookie(session_name(), '', 1, '/');
    answer(204, null);
}

function whoami(): void
{
    $headers = array_change_key_case(getallheaders());
    $told = array_filter($headers, fn($name) => str_starts_with($name, 'x-user-'), ARRAY_FILTER_USE_KEY);
    answer(200, ['app' => $_SESSION['user']['id'] ?? null, 'gateway' => (object) $told]);
}

session_start();
match ($_SERVER['REQUEST_METHOD'] . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    'POST /login' => login(),
    'POST /logout' => logout(),
    'GET /whoami' => whoami(),
    default => answer(404, ['error' => 'not found']),
};
