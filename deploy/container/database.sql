-- SPDX-FileCopyrightText: 2026 Comune di Prato
-- SPDX-License-Identifier: EUPL-1.2

-- Run once by the image of Postgres, on an empty volume: the product's own role is no superuser and owns one database.
-- It migrates. The API and the worker have roles of their own, whose rights app/grants.py gives after every migration.
\getenv password DATABASE_PASSWORD
create role campanella login password :'password';
\getenv api_password API_DATABASE_PASSWORD
\getenv worker_password WORKER_DATABASE_PASSWORD
create role campanella_api login password :'api_password';
create role campanella_worker login password :'worker_password';
create role campanella_reader nologin;
create database campanella owner campanella;
-- A worker ends the transactions of an API process that stands still in the middle of one.
grant pg_read_all_stats, pg_signal_backend to campanella_worker;
