CREATE TABLE `former_handles` (
	`handle` text PRIMARY KEY NOT NULL,
	`account` text NOT NULL,
	`until_ms` integer NOT NULL,
	FOREIGN KEY (`account`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `former_handles_account` ON `former_handles` (`account`);--> statement-breakpoint
CREATE INDEX `former_handles_until` ON `former_handles` (`until_ms`);--> statement-breakpoint
CREATE TABLE `lenders` (
	`account` text PRIMARY KEY NOT NULL,
	`last_lent_at_ms` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `accounts` ADD `default_pool` text;