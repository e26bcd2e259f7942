//! Handles as their callers see them.

mod given;
mod laravel;
mod real;
mod shapes;
