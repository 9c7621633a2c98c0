CREATE TABLE `pool_invitations` (
	`id` text PRIMARY KEY NOT NULL,
	`pool` text NOT NULL,
	`account` text,
	`code_hash` text,
	`uses_left` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	FOREIGN KEY (`pool`) REFERENCES `pools`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pool_invitations_account` ON `pool_invitations` (`account`,`pool`);--> statement-breakpoint
CREATE UNIQUE INDEX `pool_invitations_code` ON `pool_invitations` (`code_hash`);--> statement-breakpoint
CREATE INDEX `pool_invitations_pool` ON `pool_invitations` (`pool`);--> statement-breakpoint
CREATE TABLE `pool_members` (
	`pool` text NOT NULL,
	`account` text NOT NULL,
	`joined_at_ms` integer NOT NULL,
	PRIMARY KEY(`pool`, `account`),
	FOREIGN KEY (`pool`) REFERENCES `pools`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `pool_members_account` ON `pool_members` (`account`,`pool`);--> statement-breakpoint
CREATE TABLE `pools` (
	`id` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`name` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pools_owner_name` ON `pools` (`owner`,`name`);