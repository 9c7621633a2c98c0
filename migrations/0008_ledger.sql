CREATE TABLE `ledger_accounts` (
	`id` integer PRIMARY KEY NOT NULL CHECK (`id` > 0),
	`name` text NOT NULL CHECK (length(`name`) BETWEEN 1 AND 200)
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_accounts_name` ON `ledger_accounts` (`name`);--> statement-breakpoint
CREATE TABLE `ledger_balances` (
	`account` integer PRIMARY KEY NOT NULL,
	`posted_micro` integer DEFAULT 0 NOT NULL,
	`pending_out_micro` integer DEFAULT 0 NOT NULL,
	`pending_in_micro` integer DEFAULT 0 NOT NULL,
	`last` integer DEFAULT 0 NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `ledger_transfers` (
	`number` integer PRIMARY KEY NOT NULL CHECK (`number` > 0),
	`id` text CHECK (length(`id`) BETWEEN 1 AND 200),
	`phase` text NOT NULL,
	`kind` text NOT NULL CHECK (length(`kind`) BETWEEN 1 AND 40),
	`debit` integer NOT NULL,
	`credit` integer NOT NULL,
	`posted_micro` integer NOT NULL,
	`pending_micro` integer NOT NULL,
	`ends` integer,
	`pending_until_ms` integer,
	`about` text,
	`at_ms` integer NOT NULL,
	`debit_before` integer NOT NULL,
	`credit_before` integer NOT NULL,
	CHECK (`debit` <> `credit`),
	CHECK (CASE `phase`
		WHEN 'single' THEN `posted_micro` BETWEEN 1 AND 1000000000000000 AND `pending_micro` = 0
			AND `id` IS NOT NULL AND `ends` IS NULL AND `pending_until_ms` IS NULL
		WHEN 'pending' THEN `posted_micro` = 0 AND `pending_micro` BETWEEN 1 AND 1000000000000000
			AND `id` IS NOT NULL AND `ends` IS NULL AND `pending_until_ms` > `at_ms`
		WHEN 'post' THEN `posted_micro` BETWEEN 1 AND -`pending_micro`
			AND `id` IS NULL AND `ends` IS NOT NULL AND `pending_until_ms` IS NULL
		WHEN 'void' THEN `posted_micro` = 0 AND `pending_micro` < 0
			AND `id` IS NULL AND `ends` IS NOT NULL AND `pending_until_ms` IS NULL
		WHEN 'expire' THEN `posted_micro` = 0 AND `pending_micro` < 0
			AND `id` IS NULL AND `ends` IS NOT NULL AND `pending_until_ms` IS NULL
		ELSE 0 END)
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_transfers_id` ON `ledger_transfers` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_transfers_ends` ON `ledger_transfers` (`ends`) WHERE ends IS NOT NULL;--> statement-breakpoint
CREATE TABLE `ledger_pending` (
	`transfer` integer PRIMARY KEY NOT NULL,
	`until_ms` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `ledger_pending_until` ON `ledger_pending` (`until_ms`);--> statement-breakpoint
-- The rules of the ledger, kept by the database for whoever writes. `INSERT OR REPLACE` fires no DELETE triggers, so what
-- may not be replaced is looked for before the insert. `OR IGNORE` and `OR FAIL` let a failed constraint of an inner
-- statement pass, so inner rules are RAISE(ABORT), which nothing softens, and checked after the change.
CREATE TRIGGER `ledger_accounts_update` BEFORE UPDATE ON `ledger_accounts` BEGIN
	SELECT RAISE(ABORT, 'ledger: accounts are kept as they are');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_accounts_delete` BEFORE DELETE ON `ledger_accounts` BEGIN
	SELECT RAISE(ABORT, 'ledger: accounts are kept as they are');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_accounts_insert` BEFORE INSERT ON `ledger_accounts` BEGIN
	SELECT RAISE(ABORT, 'ledger: this account is there already')
	WHERE EXISTS (SELECT 1 FROM ledger_accounts WHERE name = NEW.name OR id = NEW.id);
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_accounts_inserted` AFTER INSERT ON `ledger_accounts` BEGIN
	SELECT RAISE(ABORT, 'ledger: accounts are numbered without gaps')
	WHERE NEW.id <> 1 AND NOT EXISTS (SELECT 1 FROM ledger_accounts WHERE id = NEW.id - 1);
	INSERT INTO ledger_balances (account) VALUES (NEW.id);
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_balances_insert` BEFORE INSERT ON `ledger_balances` BEGIN
	SELECT RAISE(ABORT, 'ledger: balances change by transfers alone')
	WHERE NEW.posted_micro <> 0 OR NEW.pending_out_micro <> 0 OR NEW.pending_in_micro <> 0 OR NEW.last <> 0
		OR EXISTS (SELECT 1 FROM ledger_balances WHERE account = NEW.account)
		OR NOT EXISTS (SELECT 1 FROM ledger_accounts WHERE id = NEW.account);
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_balances_delete` BEFORE DELETE ON `ledger_balances` BEGIN
	SELECT RAISE(ABORT, 'ledger: balances change by transfers alone');
END;
--> statement-breakpoint
-- A balance follows its account's chain of transfers: the only change there is goes from the transfer that touched it
-- last to the next that does, by that one's amounts. So no statement of anyone else's fits.
CREATE TRIGGER `ledger_balances_updated` AFTER UPDATE ON `ledger_balances` BEGIN
	SELECT CASE
		WHEN NEW.posted_micro - NEW.pending_out_micro < CASE NEW.account WHEN 1 THEN -1000000000000000 ELSE 0 END
			THEN RAISE(ABORT, 'ledger: insufficient credits')
		WHEN NEW.account = OLD.account AND NEW.last > OLD.last AND (
			SELECT CASE NEW.account
				WHEN debit THEN OLD.last = debit_before
					AND NEW.posted_micro = OLD.posted_micro - posted_micro
					AND NEW.pending_out_micro = OLD.pending_out_micro + pending_micro
					AND NEW.pending_in_micro = OLD.pending_in_micro
				WHEN credit THEN OLD.last = credit_before
					AND NEW.posted_micro = OLD.posted_micro + posted_micro
					AND NEW.pending_in_micro = OLD.pending_in_micro + pending_micro
					AND NEW.pending_out_micro = OLD.pending_out_micro
				END
			FROM ledger_transfers WHERE number = NEW.last
		) THEN 0
		ELSE RAISE(ABORT, 'ledger: balances change by transfers alone')
	END;
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transfers_update` BEFORE UPDATE ON `ledger_transfers` BEGIN
	SELECT RAISE(ABORT, 'ledger: transfers are append-only');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transfers_delete` BEFORE DELETE ON `ledger_transfers` BEGIN
	SELECT RAISE(ABORT, 'ledger: transfers are append-only');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transfers_insert` BEFORE INSERT ON `ledger_transfers` BEGIN
	SELECT CASE
		WHEN EXISTS (SELECT 1 FROM ledger_transfers WHERE id = NEW.id)
			THEN RAISE(ABORT, 'ledger: this id was used')
		WHEN EXISTS (SELECT 1 FROM ledger_transfers WHERE number = NEW.number)
			THEN RAISE(ABORT, 'ledger: transfers are append-only')
	END;
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transfers_inserted` AFTER INSERT ON `ledger_transfers` BEGIN
	UPDATE ledger_balances
	SET posted_micro = posted_micro - NEW.posted_micro, pending_out_micro = pending_out_micro + NEW.pending_micro,
		last = NEW.number
	WHERE account = NEW.debit;
	SELECT CASE WHEN changes() <> 1 THEN RAISE(ABORT, 'ledger: there is no such account') END;
	UPDATE ledger_balances
	SET posted_micro = posted_micro + NEW.posted_micro, pending_in_micro = pending_in_micro + NEW.pending_micro,
		last = NEW.number
	WHERE account = NEW.credit;
	SELECT CASE
		WHEN changes() <> 1 THEN RAISE(ABORT, 'ledger: there is no such account')
		WHEN NEW.number <> 1 AND NOT EXISTS (SELECT 1 FROM ledger_transfers WHERE number = NEW.number - 1)
			THEN RAISE(ABORT, 'ledger: transfers are numbered without gaps')
	END;
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transfers_pending` AFTER INSERT ON `ledger_transfers` WHEN NEW.phase = 'pending' BEGIN
	INSERT INTO ledger_pending (transfer, until_ms) VALUES (NEW.number, NEW.pending_until_ms);
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_transfers_end` AFTER INSERT ON `ledger_transfers` WHEN NEW.ends IS NOT NULL BEGIN
	SELECT RAISE(ABORT, 'ledger: a pending transfer ends once, and as a whole')
	WHERE NOT EXISTS (
		SELECT 1 FROM ledger_pending JOIN ledger_transfers AS pending ON pending.number = ledger_pending.transfer
		WHERE ledger_pending.transfer = NEW.ends AND pending.debit = NEW.debit AND pending.credit = NEW.credit
			AND pending.kind = NEW.kind AND pending.pending_micro = -NEW.pending_micro
			AND CASE NEW.phase
				WHEN 'post' THEN NEW.at_ms < pending.pending_until_ms
				WHEN 'expire' THEN NEW.at_ms >= pending.pending_until_ms
				ELSE 1 END
	);
	DELETE FROM ledger_pending WHERE transfer = NEW.ends;
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_pending_update` BEFORE UPDATE ON `ledger_pending` BEGIN
	SELECT RAISE(ABORT, 'ledger: what is pending follows from transfers alone');
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_pending_insert` BEFORE INSERT ON `ledger_pending` BEGIN
	SELECT RAISE(ABORT, 'ledger: what is pending follows from transfers alone')
	WHERE EXISTS (SELECT 1 FROM ledger_transfers WHERE ends = NEW.transfer)
		OR NOT EXISTS (
			SELECT 1 FROM ledger_transfers
			WHERE number = NEW.transfer AND phase = 'pending' AND pending_until_ms = NEW.until_ms
		);
END;
--> statement-breakpoint
CREATE TRIGGER `ledger_pending_delete` BEFORE DELETE ON `ledger_pending` BEGIN
	SELECT RAISE(ABORT, 'ledger: what is pending follows from transfers alone')
	WHERE NOT EXISTS (SELECT 1 FROM ledger_transfers WHERE ends = OLD.transfer);
END;
--> statement-breakpoint
INSERT INTO `ledger_accounts` (`name`) VALUES ('mint');
