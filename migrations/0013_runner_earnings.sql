CREATE TABLE `runner_earnings` (
	`account` text NOT NULL,
	`runner` text NOT NULL,
	`quarter` integer NOT NULL,
	`micro` integer NOT NULL,
	PRIMARY KEY(`account`, `runner`, `quarter`)
);
--> statement-breakpoint
CREATE INDEX `runner_earnings_quarter` ON `runner_earnings` (`quarter`);