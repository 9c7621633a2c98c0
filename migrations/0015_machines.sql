CREATE TABLE `machine_records` (
	`account` text NOT NULL,
	`runner` text NOT NULL,
	`name` text NOT NULL,
	`version` text NOT NULL,
	`platform` text NOT NULL,
	`first_seen_at_ms` integer NOT NULL,
	`last_seen_at_ms` integer NOT NULL,
	`tasks_done` integer NOT NULL,
	`tasks_lost` integer NOT NULL,
	`faults` integer NOT NULL,
	PRIMARY KEY(`account`, `runner`)
);
--> statement-breakpoint
CREATE INDEX `machine_records_seen` ON `machine_records` (`account`,`last_seen_at_ms`);