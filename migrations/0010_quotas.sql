CREATE TABLE `account_quotas` (
	`account` text NOT NULL,
	`quota` text NOT NULL,
	`max` integer NOT NULL,
	PRIMARY KEY(`account`, `quota`)
);
