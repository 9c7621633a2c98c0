CREATE TABLE `campaign_days` (
	`campaign` text NOT NULL,
	`day` integer NOT NULL,
	`opened` integer NOT NULL,
	`completed` integer NOT NULL,
	`spent_micro` integer NOT NULL,
	PRIMARY KEY(`campaign`, `day`),
	FOREIGN KEY (`campaign`) REFERENCES `campaigns`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `campaigns` (
	`id` text PRIMARY KEY NOT NULL,
	`sponsor` text NOT NULL,
	`state` text NOT NULL,
	`title` text NOT NULL,
	`text` text NOT NULL,
	`link` text,
	`media_kind` text,
	`media_url` text,
	`media_digest` text,
	`media_type` text,
	`view_micro` integer NOT NULL,
	`watch_seconds` integer NOT NULL,
	`per_viewer_max` integer NOT NULL,
	`per_viewer_day_max` integer NOT NULL,
	`per_day_max` integer,
	`starts_at_ms` integer NOT NULL,
	`ends_at_ms` integer NOT NULL,
	`dry` integer NOT NULL,
	`turn` integer NOT NULL,
	`settled` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`ended_at_ms` integer,
	`ended_by` text,
	`stop_reason` text
);
--> statement-breakpoint
CREATE INDEX `campaigns_sponsor` ON `campaigns` (`sponsor`,`id`);--> statement-breakpoint
CREATE INDEX `campaigns_turn` ON `campaigns` (`state`,`dry`,`turn`);--> statement-breakpoint
CREATE INDEX `campaigns_settled` ON `campaigns` (`state`,`settled`);--> statement-breakpoint
CREATE TABLE `views` (
	`id` text PRIMARY KEY NOT NULL,
	`campaign` text NOT NULL,
	`viewer` text NOT NULL,
	`token_hash` text NOT NULL,
	`phase` text NOT NULL,
	`micro` integer NOT NULL,
	`required_ms` integer NOT NULL,
	`opened_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`ended_at_ms` integer,
	FOREIGN KEY (`campaign`) REFERENCES `campaigns`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `views_token_hash_unique` ON `views` (`token_hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `views_open` ON `views` (`viewer`) WHERE phase = 'open';--> statement-breakpoint
CREATE INDEX `views_viewer` ON `views` (`viewer`,`phase`,`opened_at_ms`);--> statement-breakpoint
CREATE INDEX `views_campaign` ON `views` (`campaign`,`phase`,`viewer`,`opened_at_ms`);--> statement-breakpoint
CREATE INDEX `views_expiry` ON `views` (`phase`,`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `payout_rates` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`currency` text NOT NULL,
	`minor_millionths_per_credit` integer NOT NULL,
	`minimum_micro` integer NOT NULL,
	`fee_minor` integer NOT NULL,
	`decimals` integer NOT NULL,
	`valid_from_ms` integer NOT NULL,
	`created_by` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `payout_rates_id_unique` ON `payout_rates` (`id`);--> statement-breakpoint
CREATE INDEX `payout_rates_currency` ON `payout_rates` (`currency`,`valid_from_ms`);--> statement-breakpoint
CREATE TABLE `payouts` (
	`id` text PRIMARY KEY NOT NULL,
	`account` text NOT NULL,
	`state` text NOT NULL,
	`micro` integer NOT NULL,
	`currency` text NOT NULL,
	`decimals` integer NOT NULL,
	`rate` text NOT NULL,
	`gross_minor` integer NOT NULL,
	`fee_minor` integer NOT NULL,
	`amount_minor` integer NOT NULL,
	`destination` text NOT NULL,
	`requested_at_ms` integer NOT NULL,
	`paying_since_ms` integer,
	`ended_at_ms` integer,
	`ended_by` text,
	`reference` text,
	`reason` text,
	FOREIGN KEY (`rate`) REFERENCES `payout_rates`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `payouts_account` ON `payouts` (`account`,`id`);--> statement-breakpoint
CREATE INDEX `payouts_state` ON `payouts` (`state`,`id`);--> statement-breakpoint
CREATE TRIGGER `campaigns_end_once` BEFORE UPDATE OF `state` ON `campaigns` WHEN OLD.`state` = 'ended' AND NEW.`state` <> 'ended' BEGIN SELECT RAISE(ABORT, 'a campaign that has ended stays ended'); END;--> statement-breakpoint
CREATE TRIGGER `views_end_once` BEFORE UPDATE OF `phase` ON `views` WHEN OLD.`phase` <> 'open' BEGIN SELECT RAISE(ABORT, 'a view ends once'); END;--> statement-breakpoint
CREATE TRIGGER `views_promise` BEFORE UPDATE OF `campaign`, `viewer`, `micro`, `required_ms` ON `views` BEGIN SELECT RAISE(ABORT, 'what a view was opened for stays'); END;--> statement-breakpoint
CREATE TRIGGER `views_paid_stay` BEFORE DELETE ON `views` WHEN OLD.`phase` = 'paid' BEGIN SELECT RAISE(ABORT, 'a view that was paid is kept'); END;--> statement-breakpoint
CREATE TRIGGER `payout_rates_no_update` BEFORE UPDATE ON `payout_rates` BEGIN SELECT RAISE(ABORT, 'a published rate is never changed'); END;--> statement-breakpoint
CREATE TRIGGER `payout_rates_no_delete` BEFORE DELETE ON `payout_rates` BEGIN SELECT RAISE(ABORT, 'a published rate is never removed'); END;--> statement-breakpoint
CREATE TRIGGER `payouts_end_once` BEFORE UPDATE ON `payouts` WHEN OLD.`state` <> 'requested' BEGIN SELECT RAISE(ABORT, 'a payout ends once'); END;--> statement-breakpoint
CREATE TRIGGER `payouts_promise` BEFORE UPDATE OF `account`, `micro`, `currency`, `rate`, `amount_minor`, `destination` ON `payouts` BEGIN SELECT RAISE(ABORT, 'what a payout was requested for stays'); END;--> statement-breakpoint
CREATE TRIGGER `payouts_no_delete` BEFORE DELETE ON `payouts` BEGIN SELECT RAISE(ABORT, 'a payout is never removed'); END;
