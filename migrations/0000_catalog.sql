CREATE TABLE `blob_refs` (
	`holder` text NOT NULL,
	`digest` text NOT NULL,
	PRIMARY KEY(`holder`, `digest`)
);
--> statement-breakpoint
CREATE INDEX `blob_refs_digest` ON `blob_refs` (`digest`);--> statement-breakpoint
CREATE TABLE `datasets` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`format` text NOT NULL,
	`digest` text NOT NULL,
	`bytes` integer NOT NULL,
	`records` integer NOT NULL,
	`shards` integer NOT NULL,
	`skipped` integer NOT NULL,
	`job` text,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `datasets_job` ON `datasets` (`job`);--> statement-breakpoint
CREATE TABLE `functions` (
	`name` text PRIMARY KEY NOT NULL,
	`visibility` text NOT NULL,
	`latest` text NOT NULL,
	`published_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `garbage` (
	`digest` text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE `idempotency` (
	`key` text PRIMARY KEY NOT NULL,
	`request` text NOT NULL,
	`resource` text NOT NULL,
	`status` integer,
	`headers` text,
	`body` text,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idempotency_created` ON `idempotency` (`created_at_ms`);--> statement-breakpoint
CREATE TABLE `job_datasets` (
	`job` text NOT NULL,
	`dataset` text NOT NULL,
	PRIMARY KEY(`job`, `dataset`)
);
--> statement-breakpoint
CREATE INDEX `job_datasets_dataset` ON `job_datasets` (`dataset`);--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`function` text NOT NULL,
	`version` text NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`ended` integer NOT NULL,
	`spec` text NOT NULL,
	`budget` integer,
	`error` text,
	`final` text,
	`gone` integer DEFAULT false NOT NULL,
	`created_at_ms` integer NOT NULL,
	`started_at_ms` integer,
	`ended_at_ms` integer
);
--> statement-breakpoint
CREATE INDEX `jobs_ended` ON `jobs` (`ended`,`ended_at_ms`);--> statement-breakpoint
CREATE INDEX `jobs_status` ON `jobs` (`status`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_function` ON `jobs` (`function`,`id`);--> statement-breakpoint
CREATE TABLE `versions` (
	`function` text NOT NULL,
	`digest` text NOT NULL,
	`description` text NOT NULL,
	`source` text NOT NULL,
	`files` text NOT NULL,
	`readme` text,
	`source_map` text NOT NULL,
	`bundle_bytes` integer NOT NULL,
	`published_at_ms` integer NOT NULL,
	PRIMARY KEY(`function`, `digest`)
);
--> statement-breakpoint
CREATE INDEX `versions_digest` ON `versions` (`digest`);