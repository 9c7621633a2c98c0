CREATE TABLE `job_payments` (
	`job` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`author` text NOT NULL,
	`function` text NOT NULL,
	`rate_micro` integer NOT NULL,
	`bid_hundredths` integer NOT NULL,
	`royalty_basis_points` integer NOT NULL,
	`fee_basis_points` integer NOT NULL,
	`opened` integer NOT NULL,
	`held_micro` integer NOT NULL,
	`work_micro` integer DEFAULT 0 NOT NULL,
	`royalty_micro` integer DEFAULT 0 NOT NULL,
	`fee_micro` integer DEFAULT 0 NOT NULL,
	`fuel` integer DEFAULT 0 NOT NULL,
	`owed_micro` integer DEFAULT 0 NOT NULL,
	`released_micro` integer DEFAULT 0 NOT NULL,
	`paused_for` text,
	`created_at_ms` integer NOT NULL,
	`closed_at_ms` integer
);
--> statement-breakpoint
CREATE INDEX `job_payments_open` ON `job_payments` (`closed_at_ms`,`job`);--> statement-breakpoint
CREATE TABLE `job_settled` (
	`job` text NOT NULL,
	`earner` text NOT NULL,
	`fuel` integer NOT NULL,
	`work_micro` integer NOT NULL,
	`royalty_micro` integer NOT NULL,
	`fee_micro` integer NOT NULL,
	PRIMARY KEY(`job`, `earner`)
);
--> statement-breakpoint
CREATE TABLE `rate_observations` (
	`version` text NOT NULL,
	`owner` text NOT NULL,
	`spans` text NOT NULL,
	`fuel` integer NOT NULL,
	`ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	PRIMARY KEY(`version`, `owner`)
);
--> statement-breakpoint
CREATE TABLE `version_rates` (
	`version` text NOT NULL,
	`valid_from_ms` integer NOT NULL,
	`rate_micro` integer NOT NULL,
	`basis` text NOT NULL,
	`owners` integer NOT NULL,
	PRIMARY KEY(`version`, `valid_from_ms`)
);
