-- SPDX-FileCopyrightText: 2026 Comune di Prato
-- SPDX-License-Identifier: EUPL-1.2

-- Run once by the image of Postgres, on an empty volume: the product's own role is no superuser and owns one database.
\getenv password DATABASE_PASSWORD
create role campanella login password :'password';
create database campanella owner campanella;
