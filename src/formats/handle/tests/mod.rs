//! Handles as their callers see them.

mod given;
mod keys;
mod laravel;
mod real;
mod shapes;
