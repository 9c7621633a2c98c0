CREATE TABLE `function_users` (
	`function` integer NOT NULL,
	`account` text NOT NULL,
	PRIMARY KEY(`function`, `account`)
);
--> statement-breakpoint
DROP INDEX `jobs_function`;--> statement-breakpoint
ALTER TABLE `jobs` ADD `owner` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `jobs` ADD `function_owner` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `jobs` ADD `cost_micro` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `jobs` ADD `records` integer;--> statement-breakpoint
CREATE INDEX `jobs_owner` ON `jobs` (`owner`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_owner_status` ON `jobs` (`owner`,`status`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_function` ON `jobs` (`function_owner`,`function`,`id`);--> statement-breakpoint
CREATE TABLE `__new_functions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner` text NOT NULL,
	`name` text NOT NULL,
	`visibility` text NOT NULL,
	`latest` text NOT NULL,
	`kind` text NOT NULL,
	`latest_royalty_basis_points` integer DEFAULT 0 NOT NULL,
	`tags` text DEFAULT '[]' NOT NULL,
	`royalty_basis_points` integer DEFAULT 0 NOT NULL,
	`forked_from` integer,
	`forked_version` text,
	`runs` integer DEFAULT 0 NOT NULL,
	`succeeded` integer DEFAULT 0 NOT NULL,
	`published_at_ms` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_functions`("owner", "name", "visibility", "latest", "kind", "runs", "succeeded", "published_at_ms")
	SELECT 'acc_operator', `functions`.`name`, `functions`.`visibility`, `functions`.`latest`, json_extract(`versions`.`description`, '$.kind'),
		(SELECT count(*) FROM `jobs` WHERE `jobs`.`function` = `functions`.`name` AND `jobs`.`status` = 'succeeded'),
		(SELECT count(*) FROM `jobs` WHERE `jobs`.`function` = `functions`.`name` AND `jobs`.`status` = 'succeeded'),
		`functions`.`published_at_ms`
	FROM `functions` JOIN `versions` ON `versions`.`function` = `functions`.`name` AND `versions`.`digest` = `functions`.`latest`
	ORDER BY `functions`.`name`;--> statement-breakpoint
DROP TABLE `functions`;--> statement-breakpoint
ALTER TABLE `__new_functions` RENAME TO `functions`;--> statement-breakpoint
CREATE UNIQUE INDEX `functions_owner_name` ON `functions` (`owner`,`name`);--> statement-breakpoint
CREATE INDEX `functions_visibility` ON `functions` (`visibility`,`name`);--> statement-breakpoint
CREATE TABLE `__new_versions` (
	`function` integer NOT NULL,
	`digest` text NOT NULL,
	`description` text NOT NULL,
	`source` text NOT NULL,
	`files` text NOT NULL,
	`readme` text,
	`source_map` text NOT NULL,
	`bundle_bytes` integer NOT NULL,
	`royalty_basis_points` integer DEFAULT 0 NOT NULL,
	`deprecated` text,
	`release` integer NOT NULL,
	`published_at_ms` integer NOT NULL,
	PRIMARY KEY(`function`, `digest`)
);
--> statement-breakpoint
INSERT INTO `__new_versions`("function", "digest", "description", "source", "files", "readme", "source_map", "bundle_bytes", "release", "published_at_ms")
	SELECT `functions`.`id`, `digest`, `description`, `source`, `files`, `readme`, `source_map`, `bundle_bytes`,
		row_number() OVER (PARTITION BY `functions`.`id` ORDER BY `digest` = `functions`.`latest`, `versions`.`published_at_ms`, `digest`),
		`versions`.`published_at_ms`
	FROM `versions` JOIN `functions` ON `functions`.`name` = `versions`.`function`;--> statement-breakpoint
DROP TABLE `versions`;--> statement-breakpoint
ALTER TABLE `__new_versions` RENAME TO `versions`;--> statement-breakpoint
CREATE INDEX `versions_digest` ON `versions` (`digest`);--> statement-breakpoint
ALTER TABLE `datasets` ADD `owner` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `datasets` ADD `visibility` text DEFAULT 'private' NOT NULL;--> statement-breakpoint
CREATE INDEX `datasets_owner` ON `datasets` (`owner`,`id`);--> statement-breakpoint
CREATE INDEX `datasets_visibility` ON `datasets` (`visibility`,`id`);--> statement-breakpoint
-- What was there before accounts is the operator's.
UPDATE `jobs` SET `owner` = 'acc_operator', `function_owner` = 'acc_operator', `records` = json_extract(`final`, '$.records');--> statement-breakpoint
UPDATE `datasets` SET `owner` = 'acc_operator';--> statement-breakpoint
UPDATE `idempotency` SET `key` = 'acc_operator ' || `key` WHERE `key` NOT GLOB 'acc_* *';--> statement-breakpoint
INSERT INTO `function_users` SELECT `id`, 'acc_operator' FROM `functions` WHERE `runs` > 0;--> statement-breakpoint
UPDATE `blob_refs` SET `holder` = 'function acc_operator/' || substr(`holder`, 10) WHERE `holder` LIKE 'function %';--> statement-breakpoint
CREATE VIRTUAL TABLE `function_search` USING fts5(`name`, `title`, `description`, `tags`, `readme`, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');--> statement-breakpoint
INSERT INTO `function_search` (rowid, `name`, `title`, `description`, `tags`, `readme`)
	SELECT `functions`.`id`, `functions`.`name`, json_extract(`versions`.`description`, '$.title'), coalesce(json_extract(`versions`.`description`, '$.description'), ''), '', coalesce(`versions`.`readme`, '')
	FROM `functions` JOIN `versions` ON `versions`.`function` = `functions`.`id` AND `versions`.`digest` = `functions`.`latest`;
