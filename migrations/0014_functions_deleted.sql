DROP INDEX `functions_owner_name`;--> statement-breakpoint
ALTER TABLE `functions` ADD `deleted_at_ms` integer;--> statement-breakpoint
CREATE INDEX `functions_deleted` ON `functions` (`deleted_at_ms`) WHERE "functions"."deleted_at_ms" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `functions_forked_from` ON `functions` (`forked_from`);--> statement-breakpoint
CREATE UNIQUE INDEX `functions_owner_name` ON `functions` (`owner`,`name`) WHERE "functions"."deleted_at_ms" IS NULL;